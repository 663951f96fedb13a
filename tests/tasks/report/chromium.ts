/** Headless Chromium, as Debian installs it: what shows whether a page does in a browser what it should. */
import puppeteer, { type Browser, type BrowserContext, type Page } from "puppeteer-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program; null where none is installed. */
export const chromium: string | null = places.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}) ?? null;

/**
 * Declares tests that need the browser, each with a profile of its own. Without one they are left out, which is printed with their
 * number; where CI says that it is one, that fails.
 */
export function browserTests(tests: Record<string, (browser: BrowserContext) => Promise<void>>): void {
  const count = Object.keys(tests).length;
  if (chromium === null && Deno.env.get("CI") === "true") {
    Deno.test("Chromium is installed", () => {
      throw new Error(
        `${count} tests need a browser: apt-get install chromium. Received: none in ${places.join(", ")}`,
      );
    });
  } else if (chromium === null) {
    console.log(`${count} tests of pages left out: Chromium is not installed (apt-get install chromium).`);
  }
  let browser: Browser | undefined;
  Deno.test.afterAll(() => browser?.close());
  for (const [name, test] of Object.entries(tests)) {
    Deno.test({
      name,
      ignore: chromium === null,
      sanitizeOps: false, // the browser's process and sockets end after the call that closes them
      sanitizeResources: false,
      fn: async () => {
        const profile = await (browser ??= await startChromium()).createBrowserContext();
        await test(profile).finally(() => profile.close());
      },
    });
  }
}

/** Starts the browser, with letters drawn alike on every machine. */
export async function startChromium(): Promise<Browser> {
  return await puppeteer.launch({
    executablePath: chromium!,
    ...{ timeout: 120_000, protocolTimeout: 600_000 },
    // Without a sandbox since containers seldom allow one; nothing is opened but the tests' own pages.
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none", "--disable-dev-shm-usage"],
  });
}

/** What a page did that it should not. */
export interface Misdeeds {
  /** Errors of scripts, of the console, of the security policy. */
  errors: string[];
  /** Requests for anything but the site's own files. */
  outside: string[];
}

/** A page that notes what goes wrong; `root` is the address of the site. */
export async function watchedPage(
  browser: BrowserContext,
  root: string,
): Promise<{ page: Page; misdeeds: Misdeeds }> {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000); // a loaded machine
  const misdeeds: Misdeeds = { errors: [], outside: [] };
  page.on("pageerror", (error) => misdeeds.errors.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) misdeeds.errors.push(message.text());
  });
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(root) && !address.startsWith("data:")) misdeeds.outside.push(address);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // Left unfinished by going to the next page: no fault.
    if (reason !== "net::ERR_ABORTED") misdeeds.errors.push(`not loaded: ${request.url()}, ${reason}`);
  });
  return { page, misdeeds };
}
