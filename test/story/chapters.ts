/**
 * The story's chapters, in both languages: which scenarios tell them, and the statements that they show.
 *
 * The statements' English is that of the conformance page. Deliberately absent: figures; those come from the plays.
 */
import type { Text } from "../../src/lab/play.ts";

export interface ChapterText {
  readonly title: Text;
  readonly intro: Text;
  readonly scenarios: readonly string[];
}

export const chapters: readonly ChapterText[] = [
  {
    title: { en: "HTTP without persistent connections", ko: "연결을 유지하지 않던 HTTP" },
    intro: {
      en: "At first there was nothing to manage: one connection, one request, one response, FIN. Every request pays for the handshake again.",
      ko: "처음에는 관리할 연결이 없었습니다. 연결 하나에 요청 하나, 응답 하나, 그리고 FIN. 요청을 보낼 때마다 핸드셰이크 비용을 다시 냅니다.",
    },
    scenarios: ["connectionless"],
  },
  {
    title: { en: "Keep-Alive", ko: "Keep-Alive" },
    intro: {
      en: "HTTP/1.0+ clients ask to keep the connection, and servers may agree. Look at the ports: the same port is the same connection.",
      ko: "HTTP/1.0+ 클라이언트는 연결을 유지하자고 요청하고, 서버는 동의할 수 있습니다. 포트를 보세요. 포트가 같으면 같은 연결입니다.",
    },
    scenarios: ["keep-alive", "no-agreement"],
  },
  {
    title: { en: "What keeping costs", ko: "연결을 유지하는 비용" },
    intro: {
      en: "An idle connection holds a place that somebody else may need. That is why there are timeouts, and why busy services used to switch keep-alive off. It need not be so.",
      ko: "쉬고 있는 연결은 다른 누군가에게 필요한 자리를 차지합니다. 그래서 타임아웃이 있고, 그래서 붐비는 서비스는 keep-alive를 끄곤 했습니다. 하지만 꼭 그래야 하는 것은 아닙니다.",
    },
    scenarios: ["full-house"],
  },
  {
    title: { en: "The dumb proxy", ko: "멍청한 프록시" },
    intro: {
      en: "`Connection` concerns one hop. When a proxy relays it, client and server agree with each other, and the proxy between them does not keep what they agreed on.",
      ko: "`Connection`은 한 홉에만 해당합니다. 프록시가 이것을 그대로 전달하면 클라이언트와 서버가 서로 약속하게 되고, 정작 가운데의 프록시는 그 약속을 지키지 않습니다.",
    },
    scenarios: ["dumb-proxy", "proxy-connection"],
  },
  {
    title: { en: "HTTP/1.1 persists by default", ko: "HTTP/1.1은 유지가 기본" },
    intro: {
      en: "HTTP/1.1 turns the default around: connections persist, and `Connection: close` ends them. That does not mean for ever.",
      ko: "HTTP/1.1은 기본값을 뒤집었습니다. 연결은 유지되고, `Connection: close`가 연결을 끝냅니다. 그렇다고 영원히 유지한다는 약속은 아닙니다.",
    },
    scenarios: ["persistent", "pipelining"],
  },
  {
    title: { en: "Closing", ko: "연결 끊기" },
    intro: {
      en: "Either side may close at any time, so a close may cross a request on the way. A good close loses nothing that is in flight.",
      ko: "어느 쪽이든 언제든지 연결을 끊을 수 있으므로, 끊는 신호와 요청이 길 위에서 엇갈릴 수 있습니다. 잘 끊는다는 것은 오가던 것을 하나도 잃지 않는다는 뜻입니다.",
    },
    scenarios: ["close-races", "graceful-close"],
  },
  {
    title: { en: "And where connections are shared", ko: "그리고 연결을 함께 쓸 때" },
    intro: {
      en: "A persistent connection to an origin carries many people's requests. If two neighbours disagree about where a request ends, one client gets another's answer.",
      ko: "서버로 가는 지속 연결에는 여러 사람의 요청이 함께 지나갑니다. 요청이 어디에서 끝나는지에 대해 이웃한 둘의 생각이 다르면, 누군가는 남의 응답을 받게 됩니다.",
    },
    scenarios: ["desync"],
  },
];

export const koreanStatements: Readonly<Record<string, string>> = {
  S1: "처음에는 요청마다 연결을 새로 열고 응답 뒤에 닫았습니다.",
  S2: "그것은 비쌉니다. 요청마다 연결을 맺는 비용을 냅니다.",
  S3: "Keep-Alive는 열려 있는 연결을 다시 사용합니다.",
  S4: "타임아웃 안에 보낸 다음 요청은 같은 소켓으로 갑니다.",
  S5: "클라이언트와 서버는 `Connection: keep-alive`로 합의합니다. 대답이 없으면 합의도 없습니다.",
  S6: "`Keep-Alive: timeout, max`가 조건입니다. 얼마나 오래 쉬어도 되는지, 요청을 몇 개까지 받는지를 말합니다.",
  S7: "쉬는 연결이 다른 이를 막기 때문에 타임아웃이 필요합니다.",
  S8: "사용자가 많을 때는 쉬는 연결이 새로 온 사용자에게 자리를 내줍니다.",
  S9: "`Connection`과 그것이 지목한 필드는 한 홉의 것이므로, 메시지를 넘기기 전에 지웁니다.",
  S10: "서버가 클라이언트의 keep-alive를 프록시의 것으로 여기게 해서는 안 됩니다.",
  S11: "클라이언트가 서버의 keep-alive를 프록시의 것으로 여기게 해서는 안 됩니다.",
  S12: "오지 않을 종료를 아무도 기다리지 않아야 합니다. 멍청한 프록시의 멈춤이 바로 그것입니다.",
  S13: "HTTP/1.1은 keep-alive 없이도 연결을 유지하고, close로 끝냅니다.",
  S14: "유지한다는 것이 영원하다는 약속은 아닙니다.",
  S15: "어느 쪽이든 언제든지 연결을 끊을 수 있습니다.",
  S16: "연결을 끊더라도 오가던 것을 잃지 않습니다.",
};
