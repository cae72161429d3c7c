import { expect, test } from "vitest";
import { ROOM_BYTES, parts, fieldNames } from "./inputs.ts";
import { leastOf } from "./measure.ts";
import { shapes } from "./shapes.ts";
import { WorkStage, type Mode } from "./stage.ts";
const stages: Record<Mode, WorkStage> = { gateway: new WorkStage("gateway"), forward: new WorkStage("forward"), "forward, with users": new WorkStage("forward, with users") };
test("explore", () => {
  const t0 = performance.now();
  let n = 0;
  const rows: any[] = [];
  const texts8 = shapes.map((s) => s.value(64*1024 - ROOM_BYTES));
  const texts1 = shapes.map((s) => s.value(8*1024 - ROOM_BYTES));
  for (const part of parts) for (const mode of part.modes) {
    const stage = stages[mode];
    for (const [i, shape] of shapes.entries()) {
      if (Math.random() > 0.06) continue;
      if (performance.now() - t0 > 100000) continue;
      n++;
      const play1 = part.play(texts1[i] as string);
      const least1 = leastOf(2, 1, () => stage.play(play1.request, play1.response));
      if (least1 > 5) { rows.push([least1*64, least1, part.name, mode, shape.name]); continue; }
      const play8 = part.play(texts8[i] as string);
      const least8 = leastOf(3, 1, () => stage.play(play8.request, play8.response));
      if (least8 > 1) rows.push([least8, least1, part.name, mode, shape.name]);
    }
  }
  rows.sort((a, b) => b[0] - a[0]);
  console.log(n, "inputs", performance.now() - t0, "ms", rows.length, fieldNames.join(" "));
  const seen = new Map<string, number>();
  for (const r of rows) { const k = r[2]+r[3]; const c = seen.get(k) ?? 0; seen.set(k, c+1); if (c < 2) console.log(r[0].toFixed(2), r[1].toFixed(3), r.slice(2).join(" | ")); }
}, 600000);
