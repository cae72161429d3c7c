/** Origins as operators write them. */
import { describe, expect } from "vitest";
import { table } from "../../test/fuzz/kit/table.ts";
import { type OriginAddress, OriginAddressError, parseOriginAddress } from "./origin-address.ts";

const tcp = (host: string, port: number, name: string, authority: string): OriginAddress => ({
  address: { kind: "tcp", host, port },
  name,
  authority,
});
const tls = (host: string, port: number, name: string, authority: string): OriginAddress => ({
  address: { kind: "tcp", host, port, tls: { serverName: host, rejectUnauthorized: true } },
  name,
  authority,
});

const read: { readonly name: string; readonly gives: OriginAddress }[] = [
  { name: "http://127.0.0.1:3000", gives: tcp("127.0.0.1", 3_000, "http://127.0.0.1:3000", "127.0.0.1:3000") },
  { name: "http://app.test/", gives: tcp("app.test", 80, "http://app.test", "app.test") },
  { name: "HTTP://APP.test:80", gives: tcp("app.test", 80, "http://app.test", "app.test") },
  { name: "http://[::1]:3000", gives: tcp("::1", 3_000, "http://[::1]:3000", "[::1]:3000") },
  { name: "https://app.test", gives: tls("app.test", 443, "https://app.test", "app.test") },
  { name: "https://app.test:8443", gives: tls("app.test", 8_443, "https://app.test:8443", "app.test:8443") },
  {
    name: "unix:/run/app.sock",
    gives: { address: { kind: "unix", path: "/run/app.sock" }, name: "unix:/run/app.sock", authority: "localhost" },
  },
  {
    name: "unix:///run/app.sock",
    gives: { address: { kind: "unix", path: "/run/app.sock" }, name: "unix:/run/app.sock", authority: "localhost" },
  },
];

describe("understood", () => {
  table(read, ({ name, gives }) => expect(parseOriginAddress(name)).toStrictEqual(gives));
});

const refused: { readonly name: string; readonly says: RegExp }[] = [
  { name: "", says: /is not an origin: write http:\/\/HOST:PORT/ },
  { name: "app.test", says: /is not an origin/ },
  { name: "localhost:3000", says: /is not an origin/ },
  { name: "ftp://app.test", says: /is not an origin/ },
  { name: "http://", says: /is not an origin/ },
  { name: "http://app.test:99999", says: /is not an origin/ },
  { name: "http://app.test/path", says: /write http:\/\/app\.test$/ },
  { name: "http://app.test?query", says: /has more than an origin/ },
  { name: "http://app.test#x", says: /has more than an origin/ },
  { name: "http://user@app.test", says: /has no user name .* write http:\/\/app\.test$/ },
  { name: "http://:secret@app.test", says: /^(?!.*secret).*has no user name/ },
  { name: "http://app.test:0", says: /has port 0/ },
  {
    name: "http://3000",
    says: /is the address 0\.0\.11\.184: write http:\/\/127\.0\.0\.1:3000 for a port of this machine, or/,
  },
  { name: "https://443", says: /write https:\/\/127\.0\.0\.1:443 for/ },
  { name: "http://3000:81", says: /is the address 0\.0\.11\.184: write http:\/\/0\.0\.11\.184:81$/ },
  { name: "http://2130706433", says: /is the address 127\.0\.0\.1: write http:\/\/127\.0\.0\.1$/ },
  { name: "http://127.1:3000", says: /is the address 127\.0\.0\.1: write http:\/\/127\.0\.0\.1:3000$/ },
  { name: "http://0x7f.1", says: /is the address 127\.0\.0\.1/ },
  { name: "http://0177.0.0.1", says: /is the address 127\.0\.0\.1/ },
  { name: "http://127.0.0.1.", says: /is the address 127\.0\.0\.1/ },
  { name: "http://%31%32%37.0.0.1", says: /is the address 127\.0\.0\.1/ },
  { name: "http://\uff11\uff12\uff17.0.0.1", says: /is the address 127\.0\.0\.1/ },
  { name: "http:\\\\127.1", says: /is the address 127\.0\.0\.1/ },
  { name: "http://user:s3cret@127.1", says: /^(?!.*s3cret).*is the address 127\.0\.0\.1/ },
  { name: "http://1.2.3.4.5", says: /is not an origin/ },
  { name: "http://256.1.1.1", says: /is not an origin/ },
  { name: "unix:relative.sock", says: /write unix:\/absolute/ },
  { name: "unix:", says: /is not the path of a socket/ },
  // As other programs write them.
  { name: "http://unix:/run/app.sock:/", says: /write unix:\/run\/app\.sock$/ },
  { name: "http://unix:/run/app.sock", says: /write unix:\/run\/app\.sock$/ },
  { name: "unix:/run/app.sock|http://localhost/", says: /write unix:\/run\/app\.sock$/ },
  { name: "unix//run/app.sock", says: /write unix:\/run\/app\.sock$/ },
  { name: "http+unix://%2Frun%2Fapp.sock/info", says: /write unix:\/run\/app\.sock$/ },
  { name: "ws://app.test:8080/live", says: /so write http:\/\/app\.test:8080 if/ },
  { name: "WSS://app.test", says: /so write https:\/\/app\.test if/ },
  { name: "h2c://app.test:50051", says: /not HTTP\/2, so write http:\/\/app\.test:50051 if/ },
  { name: "grpc://app.test:50051", says: /which gRPC needs, so write http:\/\/app\.test:50051 if/ },
  { name: "grpcs://user:s3cret@app.test", says: /^(?!.*s3cret).*so write https:\/\/app\.test if/ },
  { name: "fastcgi://127.0.0.1:9000", says: /HTTP is spoken with origins, so write http:\/\/127\.0\.0\.1:9000 if/ },
  { name: "tcp://[::1]:3000", says: /so write http:\/\/\[::1\]:3000 if/ },
  { name: "http://[fe80::1%eth0]:3000", says: /has a zone, by which no origin is reached/ },
  { name: "http://[fe80::1%25eth0]", says: /has a zone/ },
];

describe("refused, with what to write instead", () => {
  table(refused, ({ name, says }) => {
    expect(() => parseOriginAddress(name)).toThrow(OriginAddressError);
    expect(() => parseOriginAddress(name)).toThrow(says);
    expect(() => parseOriginAddress(name)).toThrow(expect.objectContaining({ code: "origin-address-invalid" }));
  });
});
