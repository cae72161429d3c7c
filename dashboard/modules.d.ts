/** What the bundler turns into modules beside TypeScript. */
declare module "*.css";
