// Runs one function in a page of Firefox, by WebDriver BiDi: a job in by standard input, JSON out by standard output.
//
//     node firefox.mjs   < {"modules", "program", "profile", "url", "body", "argument", "seconds"}
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const job = JSON.parse(await text(process.stdin));
const puppeteer = createRequire(`${job.modules}/`)("puppeteer-core");
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: job.program,
  headless: true,
  userDataDir: job.profile,
  protocolTimeout: job.seconds * 1000,
  extraPrefsFirefox: { "network.proxy.type": 0, "app.update.enabled": false },
});
try {
  const page = await browser.newPage();
  await page.goto(job.url, { timeout: job.seconds * 1000 });
  const run = new Function("argument", `return (${job.body})(argument)`);
  process.stdout.write(JSON.stringify(await page.evaluate(run, job.argument)));
} finally {
  await browser.close();
}
