/** Chromium with nothing to do but the tests' business. Deliberately absent: anything that changes how it speaks HTTP. */

/** So that Chromium does no errands: it would want to reach its maker. */
export const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--no-first-run",
  "--no-pings",
  "--disable-quic",
  "--disable-features=OptimizationHints,MediaRouter,NetworkTimeServiceQuerying,CertificateTransparencyComponentUpdater",
  "--gaia-url=http://127.0.0.1:9",
  "--component-updater=url-source=http://127.0.0.1:9",
];
