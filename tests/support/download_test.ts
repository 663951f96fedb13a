import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { downloadFile, megabytes, type NetworkOptions, type RemoteFile } from "../../lib/support/download.ts";
import { showProgress } from "../../lib/support/progress.ts";
import { md5, noise, serve, type Served } from "./file_server.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const size = 200_000;
const bytes = noise(size);
const checksum = { algorithm: "md5", value: md5(bytes) } as const;

/** A server with one file, and a folder for it. `run` downloads; `ranges` is what was asked for. */
async function trial(served: Partial<Served> = {}) {
  const folder = await temporaryFolder();
  const file: Served = { bytes, ...served };
  const server = serve({ "/file": file });
  const path = join(folder.path, "file");
  const remote = {
    name: "file",
    address: `${server.base}/file`,
    bytes: size,
    checksum,
    byHand: "By hand: so.",
  };
  const notices: string[] = [];
  const onNotice = (notice: string) => void notices.push(notice);
  return {
    path,
    served: file,
    server,
    notices,
    left: folder.names,
    run: (changed: Partial<RemoteFile> = {}, options: NetworkOptions = {}) =>
      downloadFile({ ...remote, ...changed }, path, { waits: [0.01, 0.01, 0.01], onNotice, ...options }),
    ranges: () => server.asked.map(({ range }) => range),
    holds: async (expected = bytes) =>
      assert.equal(Buffer.compare(await Deno.readFile(path), expected), 0, "other bytes"),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const empty = (status: number, headers: Record<string, string> = {}) => () =>
  new Response("", { status, headers });
const silent = () =>
  new Response(new ReadableStream({ start: (body) => body.enqueue(bytes.slice(0, 1000)) }), {
    headers: { "content-length": String(size), etag: `"${md5(bytes)}"` },
  });
const otherRange = () =>
  new Response("x", { status: 206, headers: { "content-range": `bytes 7-7/${size}` } });
const inOneSecond = () => new Date(Date.now() + 1500).toUTCString(); // whole seconds: 0.5 to 1.5 from now

interface Case {
  name: string;
  served: Partial<Served>;
  file?: Partial<RemoteFile>;
  options?: NetworkOptions;
  /** The Range header of each request. */
  ranges: (string | null)[];
  notices: RegExp[];
}

const transfers: Case[] = [
  {
    name: "a file is downloaded completely and checked, and no other file is left",
    served: {},
    ranges: [null],
    notices: [],
  },
  {
    name: "an interrupted transfer continues where it stopped",
    served: { first: [70_000, 40_000] },
    ranges: [null, "bytes=70000-", "bytes=110000-"],
    notices: [/^file: cut off at 0\.07 MB \(.+\); trying again in 1 s$/, /at 0\.11 MB/],
  },
  {
    name: "without an ETag, the checksum confirms at the end that both halves belong together",
    served: { first: [70_000], etag: null },
    ranges: [null, "bytes=70000-"],
    notices: [/cut off/],
  },
  {
    name: "without ETag, date and checksum a partial download is not continued",
    served: { first: [70_000], etag: null },
    file: { checksum: null },
    ranges: [null, null],
    notices: [/cut off/, /starting over/],
  },
  {
    name: "if the server supports no ranges, the download starts over, with a notice",
    served: { first: [70_000], ranges: false },
    ranges: [null, "bytes=70000-"],
    notices: [/cut off/, /^file: the server cannot continue from 0\.07 MB; starting over$/],
  },
  {
    name: "a range other than the requested one is not accepted",
    served: { first: [70_000, otherRange] },
    ranges: [null, "bytes=70000-", null],
    notices: [/cut off/, /does not have what follows 0\.07 MB/],
  },
  {
    name: "a server that stops sending counts as an interrupted transfer",
    served: { first: [silent], slow: 200 },
    options: { patience: 2 },
    ranges: [null, "bytes=1000-"],
    notices: [/cut off at 0\.001 MB \(nothing came for 2 s\)/],
  },
  {
    name: "after 429 and 503 the retry waits as long as the server asks",
    served: {
      first: [empty(429, { "retry-after": "1" }), () => empty(503, { "retry-after": inOneSecond() })()],
    },
    options: { waits: [100, 100] },
    ranges: [null, null, null],
    notices: [/answered 429.*; trying again in 1 s/, /answered 503.*; trying again in [012] s/],
  },
  {
    name: "attempts that make progress are not counted",
    served: { bytes: noise(3 << 20), first: [1.2e6, 1.2e6] },
    file: { bytes: 3 << 20, checksum: null },
    options: { waits: [0.01] },
    ranges: [null, "bytes=1200000-", "bytes=2400000-"],
    notices: [/1\.2 MB/, /2\.4 MB/],
  },
];

for (const { name, served, file, options, ranges, notices } of transfers) {
  Deno.test(name, async () => {
    await using test = await trial(served);
    const start = performance.now();
    await test.run(file, options);
    await test.holds(served.bytes);
    assert.deepEqual(test.ranges(), ranges);
    assert.equal(test.notices.length, notices.length, test.notices.join("\n"));
    notices.forEach((notice, i) => assert.match(test.notices[i], notice));
    assert.deepEqual(await test.left(), ["file"]);
    if (/as long as/.test(name)) assert.ok(performance.now() - start > 1400, "waited less than asked");
  });
}

const json404 = () => Response.json({ message: "File not found" }, { status: 404, statusText: "Not Found" });
const page = (headers: Record<string, string> = { "content-type": "text/html" }, status = 200) => () =>
  new Response("<!DOCTYPE html>\n<html><title>Sign\n in</title></html>", { status, headers });
const challenge = { "x-amzn-waf-action": "challenge" };
const browser =
  /The server requires a browser\. Open the address in one: .*0\.07 MB are kept in .*file\.part; .*By hand: so\.$/;

const failures: (Omit<Case, "ranges" | "notices"> & { attempts: number; message: RegExp; left: string[] })[] =
  [
    {
      name: "a transfer interrupted again and again ends with an error, and the next call continues it",
      served: { first: [50_000, 1, 1, 1] },
      attempts: 4,
      message:
        /cut off at 0\.05 MB .* 0\.05 MB are kept in .*file\.part; running this again continues .* By hand: so\./,
      left: ["file.part", "file.part.json"],
    },
    {
      name: "404 is not retried; the error gives the address, the server's answer and the manual way",
      served: { first: [json404] },
      attempts: 1,
      message: /^http.*\/file: the server answered 404 Not Found \("File not found"\)\. By hand: so\.$/,
      left: [],
    },
    {
      name: "403 is reported at once",
      served: { first: [() => new Response("not for you", { status: 403 })] },
      attempts: 1,
      message: /answered 403 Forbidden \("not for you"\)/,
      left: [],
    },
    {
      name: "if the server asks for too long a wait, the error leaves it to the user",
      served: { first: [empty(429, { "retry-after": "7200" })] },
      attempts: 1,
      message: /answered 429.*asks to wait 120 minutes\. Run this again .*By hand: so/,
      left: [],
    },
    {
      name: "a challenge at the first request leaves nothing behind",
      served: { first: [empty(202, challenge)] },
      attempts: 1,
      message:
        /answered 202 Accepted \(x-amzn-waf-action: challenge\)\. The server requires .*there\. By hand: so\.$/,
      left: [],
    },
    {
      name: "a file with a wrong checksum is removed",
      served: { bytes: noise(size, 2) },
      attempts: 1,
      message: /expected MD5 .*\. Received: .* It was not kept\. Run this again .*By hand: so\./,
      left: [],
    },
  ];

const noFile: [string, () => Response, RegExp][] = [
  [
    "a challenge with 202",
    empty(202, challenge),
    /answered 202 Accepted \(x-amzn-waf-action: challenge\)\. The server/,
  ],
  ["a challenge with 405", empty(405, challenge), /answered 405 Method Not Allowed \(x-amzn-/],
  ["a challenge with 503", page({ "cf-mitigated": "challenge" }, 503), /503 .*\(cf-mitigated: challenge\)/],
  ["202", empty(202), /answered 202 Accepted, without the file\. The server/],
  [
    "204",
    () => new Response(null, { status: 204 }),
    /answered 204 No Content, without the file\. The server/,
  ],
  ["511", page({}, 511), /answered 511 Network Authentication Required, without the file\. The server/],
  ["a page", page(), /expected a file\. Received: a web page \("Sign in"\)\. The server/],
  [
    "a page that is not called one",
    page({}),
    /expected a file\. Received: a web page \("Sign in"\)\. The server/,
  ],
  [
    "a page called a file",
    page({ "content-type": "application/zip" }),
    /a web page \("Sign in"\)\. The server/,
  ],
];
for (const [what, answer, message] of noFile) {
  for (const bytes of [size, null]) { // of a list and of an ingested table the size is not known
    Deno.test(`${what} instead of a file of ${bytes ? "known" : "unknown"} size: a browser is needed; the partial download is kept`, async () => {
      await using test = await trial({ first: [70_000, answer] });
      const unknown = bytes === null ? { bytes, checksum: null } : {};
      await assert.rejects(test.run(unknown), (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.message, browser);
        return true;
      });
      assert.equal(test.server.asked.length, 2, "not asked again");
      await test.run(unknown);
      await test.holds();
      assert.equal(test.ranges().at(-1), "bytes=70000-");
    });
  }
}

Deno.test("the error for a redirect to a login page names the page without its query string", async () => {
  await using test = await trial();
  test.server.files["/file"] = () => Response.redirect(`${test.server.base}/login?token=1`, 302);
  test.server.files["/login?token=1"] = page();
  const message =
    /\/file: expected a file\. Received: a web page \("Sign in"\) from http:[^?]*\/login\. The server requires/;
  await assert.rejects(test.run(), { message });
  assert.deepEqual(await test.left(), []);
});

Deno.test("after an empty answer the request is repeated and the partial download kept", async () => {
  await using test = await trial({ first: [70_000, empty(200), empty(200)] });
  await test.run({ bytes: null, checksum: null });
  await test.holds();
  assert.deepEqual(test.ranges(), [null, "bytes=70000-", "bytes=70000-", "bytes=70000-"]);
  assert.match(test.notices[1], /the server answered 200 with nothing in it; trying again/);
});

for (const { name, served, attempts, message, left } of failures) {
  Deno.test(name, async () => {
    await using test = await trial(served);
    await assert.rejects(test.run(), { message });
    assert.equal(test.server.asked.length, attempts);
    assert.deepEqual(await test.left(), left);
    test.served.bytes = bytes;
    await test.run();
    await test.holds();
    if (left.length > 0) assert.match(test.ranges().at(-1)!, /^bytes=[57]000\d-$/);
    assert.deepEqual(await test.left(), ["file"]);
  });
}

Deno.test("old and new parts of a file that changed between two calls are not joined", async () => {
  await using test = await trial({ first: [70_000], etag: '"old"' });
  await assert.rejects(test.run({ checksum: null }, { waits: [] }));
  const other = noise(size, 2);
  Object.assign(test.served, { bytes: other, etag: '"new"' });
  await test.run({ checksum: null });
  await test.holds(other);
});

Deno.test("a partial download of another file, or one that is too long, is discarded", async () => {
  const note = JSON.stringify({ of: JSON.stringify({ bytes: size, checksum }), validator: null });
  for (
    const [part, json] of [[noise(1000, 3), null], [noise(1000, 3), "{}"], [
      noise(size + 1, 3),
      note,
    ]] as const
  ) {
    await using test = await trial();
    await Deno.writeFile(`${test.path}.part`, part);
    if (json) await Deno.writeTextFile(`${test.path}.part.json`, json);
    await test.run();
    assert.deepEqual(test.ranges(), [null]);
    await test.holds();
  }
});

Deno.test("a complete download is not repeated: the file, a part of known size, a part that 416 says is complete", async () => {
  for (
    const [name, known, ranges] of [["file", size, []], ["file.part", size, []], ["file.part", null, [
      `bytes=${size}-`,
    ]]] as const
  ) {
    await using test = await trial();
    await Deno.writeFile(join(test.path, "..", name), bytes);
    const note = { of: JSON.stringify({ bytes: known, checksum }), validator: null };
    if (name === "file.part") await Deno.writeTextFile(`${test.path}.part.json`, JSON.stringify(note));
    await test.run({ bytes: known });
    assert.deepEqual(test.ranges(), ranges);
    await test.holds();
    assert.deepEqual(await test.left(), ["file"]);
  }
});

Deno.test("damage in a partial download is found when it is complete", async () => {
  await using test = await trial({ first: [70_000] });
  await assert.rejects(test.run({}, { waits: [] }));
  using part = await Deno.open(`${test.path}.part`, { write: true });
  await part.write(new Uint8Array([255, 255, 255]));
  await assert.rejects(test.run(), /It was not kept/);
  await test.run();
  await test.holds();
});

Deno.test("if a signed address has expired, a new one is requested", async () => {
  await using storage = serve({ "/signed": { bytes, first: [60_000, new Response("", { status: 403 })] } });
  await using test = await trial();
  test.server.files["/file"] = () => Response.redirect(`${storage.base}/signed`, 303);
  await test.run();
  await test.holds();
  assert.deepEqual(storage.asked.map(({ range }) => range), [null, "bytes=60000-", "bytes=60000-"]);
});

Deno.test("if no server answers, a few retries end in an error that says what to do", async () => {
  const gone = serve();
  await gone[Symbol.asyncDispose]();
  await using test = await trial();
  const message =
    /\/file: no answer \(tcp connect error: .*refused.*\)\. Run this again when .* By hand: so\./;
  await assert.rejects(test.run({ address: `${gone.base}/file` }), { message });
  assert.equal(test.notices.length, 3);
});

Deno.test("progress counts in megabytes and ends with all of them", async () => {
  await using test = await trial({ bytes: noise(3 << 20), first: [1.2e6] });
  const shown: string[] = [];
  using _ = showProgress((stage) => (done, total) => shown.push(`${stage} ${done}/${total}`));
  await test.run({ bytes: 3 << 20, checksum: null });
  assert.deepEqual([...new Set(shown)], [0, 1, 2, 3].map((done) => `file, MB ${done}/3`));
  const told = [1.43e9, 58_889_256, 45_000].map(megabytes);
  assert.deepEqual(told, ["1,430 MB", "58.9 MB", "0.045 MB"]);
});
