/** An early answer that is lost to a RST, and one that is kept by half-close and drain (S16). */
import type { ClientExchange } from "../actors/client.ts";
import { PROXY } from "../actors/middles.ts";
import { scenario } from "../scenario.ts";
import { castProxy, endingText, measure, newClient, startServer } from "./common.ts";

interface Facts {
  readonly upload: ClientExchange;
}

const UPLOAD_BYTES = 8 * 1024 * 1024;
const BODY_BYTES_MAX = 1_024;

export const gracefulClose = scenario<Facts>({
  name: "graceful-close",
  title: { en: "Closing without losing the answer", ko: "응답을 잃지 않고 닫기" },
  statements: ["S16"],
  proxies: ["none", "hopwise"],
  rtt_ms: 10,
  emphasis: /^(?:Connection|Content-Length: \d{3,})/i,

  async direct(stage, middle) {
    stage.cast("client", "client", {
      en: "client that sends first and reads later",
      ko: "다 보낸 뒤에 읽는 클라이언트",
    });
    castProxy(stage, middle);
    stage.cast("server", "server", { en: "server that closes at once", ko: "곧바로 닫아 버리는 서버" });
    const { place } = await startServer(stage, middle, {
      version: "1.1",
      persists: "by-default",
      timeout_ms: stage.pace.timeout_ms,
      bodyBytesMax: BODY_BYTES_MAX,
    });
    const door = await middle.start(stage, place, {});
    const client = newClient(stage, "client", door, { version: "1.1", readsLate: true });
    return { upload: await client.request("/upload", { method: "POST", body: "x".repeat(UPLOAD_BYTES) }) };
  },

  judge({ upload }) {
    const measures = [
      measure("size of the upload", "업로드 크기", UPLOAD_BYTES, "bytes"),
      measure("status that the client sees (0: none)", "클라이언트가 본 상태 코드 (0이면 없음)", upload.status, ""),
    ];
    if (upload.status === 413) {
      return {
        outcome: "works",
        verdict: {
          en: "The client learns that its upload is too large: 413.",
          ko: "클라이언트는 업로드가 너무 크다는 413 응답을 받습니다.",
        },
        measures,
      };
    }
    const { en, ko } =
      upload.ending === "answered"
        ? { en: `is answered with ${upload.status} instead of 413`, ko: `413 대신 ${upload.status} 응답을 받습니다` }
        : endingText(upload);
    return {
      outcome: "fails",
      verdict: {
        en: `The upload ${en}: the client never learns why.`,
        ko: `업로드는 ${ko}. 클라이언트는 그 까닭을 알 수 없습니다.`,
      },
      measures,
    };
  },

  cues: [
    {
      on: { kind: "message", by: "client" },
      text: {
        en: "The client sends a large upload, and will look for an answer when all of it has left.",
        ko: "클라이언트가 큰 업로드를 보냅니다. 다 보내고 나서야 응답을 읽을 생각입니다.",
      },
    },
    {
      on: { kind: "message", by: "server", contains: /413/ },
      text: {
        en: "The server has seen enough and answers 413. An early answer is allowed.",
        ko: "서버는 더 볼 것도 없이 413으로 답합니다. 일찍 답하는 것은 괜찮습니다.",
      },
    },
    {
      on: { kind: "close", by: "server", how: "RST" },
      text: {
        en: "Soon it closes the whole connection with bytes still unread, so its system sends RST.",
        ko: "그런데 아직 읽지 않은 데이터가 남았는데 연결을 통째로 닫습니다. 그래서 운영체제가 RST를 보냅니다.",
      },
    },
    {
      on: { kind: "message", by: PROXY, towards: "client", contains: /413/ },
      proxies: ["hopwise"],
      text: {
        en: "hopwise has the answer and passes it on, with `close`.",
        ko: "hopwise는 받은 응답을 `close`와 함께 전달합니다.",
      },
    },
    {
      on: { kind: "close", by: PROXY, towards: "client", how: "FIN" },
      proxies: ["hopwise"],
      text: {
        en: "It closes only its own half, reads on and discards what the client still sends. So nothing is lost to a RST.",
        ko: "hopwise는 자기 쪽 절반만 닫고, 클라이언트가 마저 보내는 것을 읽어서 버립니다. 그래서 RST로 잃는 것이 없습니다.",
      },
    },
    {
      on: { kind: "message", by: "client" },
      proxies: ["hopwise"],
      text: {
        en: "The last of the upload arrives and is discarded, too. Only now does the client look for an answer: it is there.",
        ko: "업로드의 마지막 부분이 도착하고, 이것도 버립니다. 클라이언트는 이제야 응답을 찾고, 응답은 그대로 있습니다.",
      },
    },
  ],

  claims: [
    {
      says: "the answer is sent, and lost to a reset",
      proxies: ["none"],
      holds: ({ upload }, stage) =>
        upload.ending === "reset" &&
        stage.stepsOf("message").some(({ from, octets }) => from === "server" && octets.includes("413")),
    },
    {
      says: "the client gets its 413",
      proxies: ["hopwise"],
      holds: ({ upload }) => upload.ending === "answered" && upload.status === 413,
    },
  ],

  moral: {
    en: "To close without losing the last answer: close your half, read on until the other side is done, then close.",
    ko: "마지막 응답을 잃지 않으려면 먼저 자기 쪽만 닫고, 상대가 마칠 때까지 읽은 다음 완전히 닫아야 합니다.",
  },
  sources: ["RFC 9112 section 9.6"],
});
