/** What the page itself says, in both languages. Deliberately absent: what plays say. */
import type { Text } from "../play.ts";

export const pageWords = {
  name: { en: "hopwise lab", ko: "hopwise 실험실" },
  tagline: { en: "how HTTP connections live and die", ko: "HTTP 연결은 어떻게 살고 죽는가" },
  scenarios: { en: "Scenarios", ko: "시나리오" },
  language: { en: "한국어", ko: "English" },
  theme: { en: "Light or dark", ko: "밝게 또는 어둡게" },
  help: { en: "Keyboard help", ko: "키보드 도움말" },
  close: { en: "Close", ko: "닫기" },
  first: { en: "To the beginning", ko: "처음으로" },
  back: { en: "Step back", ko: "한 단계 뒤로" },
  play: { en: "Play or pause", ko: "재생 또는 일시정지" },
  forward: { en: "Step forward", ko: "한 단계 앞으로" },
  last: { en: "To the end", ko: "끝으로" },
  octets: { en: "Octets", ko: "옥텟" },
  scrubber: { en: "Position in time", ko: "시간 위치" },
  begin: {
    en: "Press Space to play, or → to go step by step.",
    ko: "스페이스 키로 재생하고, → 키로 한 단계씩 넘깁니다.",
  },
  verdict: { en: "What happened", ko: "무슨 일이 있었나" },
  measures: { en: "Measured", ko: "측정값" },
  moral: { en: "What to remember", ko: "기억할 것" },
  sources: { en: "Where it is written", ko: "출처" },
  transcript: { en: "Everything, step by step", ko: "전체 과정을 한 단계씩" },
  cut: { en: "and more octets", ko: "이하 옥텟 생략" },
  sockets: { en: "played on real sockets", ko: "실제 소켓에서 재생" },
  simulated: { en: "played on a simulated network", ko: "모의 네트워크에서 재생" },
  rtt: { en: "round trip per hop", ko: "홉당 왕복 시간" },
  keyStep: { en: "step", ko: "한 단계" },
  keyEnds: { en: "beginning, end", ko: "처음, 끝" },
  keyPlay: { en: "play, pause", ko: "재생, 일시정지" },
  keyScenario: { en: "scenario before, after", ko: "이전, 다음 시나리오" },
  keyOctets: { en: "octets", ko: "옥텟" },
  keyLanguage: { en: "language", ko: "언어" },
  keyTheme: { en: "light, dark", ko: "밝게, 어둡게" },
  keyHelp: { en: "this help", ko: "이 도움말" },
  which: { en: "Who stands in the middle", ko: "가운데에 있는 것" },
} as const satisfies Record<string, Text>;

/** Units of measures (play.ts); those of time and size are the same in both. */
export const unitWords: Readonly<Record<string, Text>> = {
  connections: { en: "connections", ko: "개" },
  "round trips": { en: "round trips", ko: "회 왕복" },
  requests: { en: "requests", ko: "개" },
  octets: { en: "octets", ko: "옥텟" },
};
