/** What is known of load balancers and networks that somebody else runs. */
import type { Product } from "./product.ts";

const date = "2026-11";

export const clouds: readonly Product[] = [
  {
    name: "alb",
    title: "AWS ALB",
    aliases: ["aws-alb", "elb"],
    role: "balancer",
    editions: [
      {
        clients: {
          idle_ms: 60_000,
          note: "the same timeout on both sides",
          known: ["documented"],
          date,
        },
        origins: {
          idle_ms: 60_000,
          note: "its documentation asks for a longer timeout of the targets",
          known: ["documented"],
          date,
        },
      },
    ],
    settings: [
      {
        name: "idle_timeout",
        side: "both",
        sets: "idle",
        unit: "s",
        write: "idle_timeout.timeout_seconds={s}",
        where: "the load balancer's attributes",
        max_ms: 4_000_000,
      },
    ],
    whenLost: "it answers its client 502 Bad Gateway",
    signs: { server: ["awselb"] },
  },
  {
    name: "google",
    title: "Google ALB",
    aliases: ["gclb", "gcp", "google-alb"],
    role: "balancer",
    editions: [
      {
        clients: { idle_ms: 610_000, known: ["documented"], date },
        origins: { idle_ms: 600_000, known: ["documented"], date },
      },
    ],
    settings: [
      {
        name: "httpKeepAliveTimeoutSec",
        side: "clients",
        sets: "idle",
        unit: "s",
        write: "httpKeepAliveTimeoutSec: {s}",
        where: "the target proxy",
      },
    ],
    fixed: { origins: "Google keeps idle connections for 600 s, and that cannot be changed" },
    signs: { via: ["google"] },
  },
  {
    name: "cloudflare",
    title: "Cloudflare",
    role: "balancer",
    editions: [
      {
        clients: { idle_ms: 400_000, known: ["documented"], date },
        origins: { idle_ms: 900_000, known: ["documented"], date },
      },
    ],
    settings: [],
    fixed: {
      clients: "Cloudflare decides it",
      origins: "Cloudflare keeps idle connections for 900 s, and the origin has to be longer",
    },
    signs: { server: ["cloudflare"] },
  },
  {
    name: "cloudfront",
    title: "CloudFront",
    role: "balancer",
    editions: [{ origins: { idle_ms: 5_000, known: ["documented"], date } }],
    settings: [
      {
        name: "OriginKeepaliveTimeout",
        side: "origins",
        sets: "idle",
        unit: "s",
        write: "OriginKeepaliveTimeout: {s}",
        where: "the origin's CustomOriginConfig",
      },
    ],
    signs: { server: ["CloudFront"], via: ["CloudFront"] },
  },
  {
    name: "azure-lb",
    title: "Azure Load Balancer",
    aliases: ["azure"],
    role: "transport",
    editions: [
      {
        clients: {
          idle_ms: 240_000,
          note: "it passes TCP on, and forgets a connection that is idle for longer",
          known: ["secondary"],
          date,
        },
        origins: { idle_ms: "passed-on", known: ["secondary"], date },
      },
    ],
    settings: [
      {
        name: "idleTimeoutInMinutes",
        side: "clients",
        sets: "idle",
        unit: "min",
        write: "idleTimeoutInMinutes: {min}",
        where: "the load balancing rule",
      },
    ],
  },
  {
    name: "oracle-lb",
    title: "Oracle Load Balancer",
    aliases: ["oci-lb"],
    role: "balancer",
    editions: [
      {
        clients: { idle_ms: 65_000, requestsMax: 10_000, known: ["documented"], date },
        origins: { idle_ms: 300_000, known: ["documented"], date },
      },
    ],
    settings: [],
    fixed: { clients: "Oracle decides it", origins: "Oracle keeps idle connections for 300 s" },
  },
];
