import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import {
  downloadFile,
  type DownloadOptions,
  type RemoteFile,
} from "../../../lib/support/download/download_file.ts";
import { md5, noise, serve, type Served } from "./server.ts";

const size = 200_000;
const bytes = noise(size);
const quick = { waits: [0.01, 0.01, 0.01] };

/** Serves one file and downloads it into a folder of its own. */
async function attempt(
  served: Partial<Served>,
  test: (how: {
    path: string;
    run: (options?: DownloadOptions, file?: Partial<RemoteFile>) => ReturnType<typeof downloadFile>;
    notices: string[];
    served: Served;
    ranges: () => (string | null)[];
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file: Served = { bytes, ...served };
  await using server = serve({ "/file": file });
  const notices: string[] = [];
  const path = join(folder, "file");
  const checksum = { algorithm: "md5", value: md5(bytes), binding: true };
  const remote = {
    name: "file",
    address: `${server.base}/file`,
    bytes: size,
    checksum,
    byHand: "By hand: so.",
  };
  try {
    await test({
      path,
      notices,
      served: file,
      run: (options, changed) =>
        downloadFile({ ...remote, ...changed }, path, {
          ...quick,
          onNotice: (notice) => notices.push(notice),
          ...options,
        }),
      ranges: () => server.asked.map(({ range }) => range),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether a file is these bytes; a message with all that differ would be endless. */
async function holds(path: string, expected: Uint8Array): Promise<boolean> {
  return Buffer.compare(await Deno.readFile(path), expected) === 0;
}

async function left(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(join(path, "..")))).map(({ name }) => name).sort();
}

Deno.test("a file comes whole, checked, with progress, and nothing is left beside it", async () => {
  await attempt({}, async ({ path, run, notices }) => {
    const shown: number[] = [];
    assert.deepEqual(await run({ onProgress: (done) => shown.push(done) }), { bytes: size, verified: true });
    assert.ok(await holds(path, bytes), "other bytes");
    assert.equal(shown.at(-1), size);
    assert.ok(shown.every((done, i) => i === 0 || done > shown[i - 1]));
    assert.deepEqual(await left(path), ["file"]);
    assert.deepEqual(notices, []);
  });
});

Deno.test("a cut transfer goes on where it stopped", async () => {
  await attempt({ first: [70_000, 40_000] }, async ({ path, run, notices, ranges }) => {
    assert.equal((await run()).verified, true);
    assert.ok(await holds(path, bytes), "other bytes");
    assert.deepEqual(ranges(), [null, "bytes=70000-", "bytes=110000-"]);
    assert.match(notices[0], /file: cut off at 70 kB .*trying again in 1 s/);
  });
});

Deno.test("a transfer that is cut again and again ends with an error, and the next call goes on", async () => {
  await attempt({ first: [50_000, 1, 1, 1] }, async ({ path, run, ranges }) => {
    await assert.rejects(
      run(),
      /cut off at 50 kB .* 50 kB are kept in .*file\.part; running this again goes on/,
    );
    assert.deepEqual(await left(path), ["file.part", "file.part.json"]);
    const starts: number[] = [];
    await run({ onStart: (start) => starts.push(start) });
    assert.deepEqual(starts, [50_003]);
    assert.equal(ranges().at(-1), "bytes=50003-");
    assert.ok(await holds(path, bytes), "other bytes");
    assert.deepEqual(await left(path), ["file"]);
  });
});

Deno.test("without ranges it starts over and says so", async () => {
  await attempt({ first: [70_000], ranges: false }, async ({ path, run, notices }) => {
    await run();
    assert.ok(await holds(path, bytes), "other bytes");
    assert.ok(
      notices.some((notice) => /does not go on from 70 kB; starting over/.test(notice)),
      notices.join("\n"),
    );
  });
});

Deno.test("a file that changed between two attempts is not glued together", async () => {
  await attempt({ first: [70_000], etag: '"old"' }, async ({ path, run, served }) => {
    await assert.rejects(run({ waits: [] }, { checksum: null }));
    const other = noise(size, 2);
    Object.assign(served, { bytes: other, etag: '"new"' });
    assert.deepEqual(await run({}, { checksum: null }), { bytes: size, verified: false });
    assert.ok(await holds(path, other), "other bytes");
  });
});

Deno.test("without ETag, date and checksum nothing is gone on from", async () => {
  await attempt({ first: [70_000], etag: null }, async ({ path, run, ranges }) => {
    await run({}, { checksum: null });
    assert.deepEqual(ranges(), [null, null]);
    assert.ok(await holds(path, bytes), "other bytes");
  });
});

Deno.test("what is there of another file, or longer than the file, is emptied", async () => {
  await attempt({}, async ({ path, run, ranges }) => {
    await Deno.writeFile(`${path}.part`, noise(1000, 3));
    await run();
    await Deno.writeFile(`${path}.part`, noise(size + 1, 3));
    await Deno.writeTextFile(
      `${path}.part.json`,
      JSON.stringify({ bytes: size, checksum: md5(bytes), validator: null }),
    );
    await run();
    assert.deepEqual(ranges(), [null, null]);
    assert.ok(await holds(path, bytes), "other bytes");
  });
});

Deno.test("a part that was whole already is checked and asked for no more", async () => {
  await attempt({}, async ({ path, run, ranges }) => {
    await Deno.writeFile(`${path}.part`, bytes);
    await Deno.writeTextFile(
      `${path}.part.json`,
      JSON.stringify({ bytes: size, checksum: md5(bytes), validator: null }),
    );
    assert.equal((await run()).verified, true);
    assert.deepEqual(ranges(), []);
    // where the size was not known, 416 says that it is whole
    await Deno.writeFile(`${path}.part`, bytes);
    await Deno.writeTextFile(
      `${path}.part.json`,
      JSON.stringify({ bytes: null, checksum: md5(bytes), validator: null }),
    );
    assert.equal((await run({}, { bytes: null })).verified, true);
    assert.deepEqual(ranges(), [`bytes=${size}-`]);
  });
});

Deno.test("a wrong checksum removes the file", async () => {
  const damaged = bytes.slice();
  damaged[size - 1] ^= 1;
  await attempt({ bytes: damaged }, async ({ path, run }) => {
    await assert.rejects(
      run(),
      /expected MD5 .* Received: .* it was removed\. Run this again .*By hand: so\./s,
    );
    assert.deepEqual(await left(path), []);
  });
});

Deno.test("damage in what was kept is found when it has all come", async () => {
  await attempt({ first: [70_000] }, async ({ path, run }) => {
    await assert.rejects(run({ waits: [] }));
    using part = await Deno.open(`${path}.part`, { write: true });
    await part.write(new Uint8Array([255, 255, 255]));
    await assert.rejects(run(), /it was removed/);
    assert.deepEqual(await left(path), []);
    await run();
    assert.ok(await holds(path, bytes), "other bytes");
  });
});

Deno.test("a wrong size is named", async () => {
  await attempt({ bytes: bytes.slice(0, 1000), type: "text/html" }, async ({ run, path }) => {
    await assert.rejects(run(), /expected 200000 bytes\. Received: 1000 bytes/);
    assert.deepEqual(await left(path), []);
  });
});

Deno.test("404 is not tried again; the error names the address, the server's words and the way by hand", async () => {
  const answer = Response.json({ status: "ERROR", message: "File not found" }, {
    status: 404,
    statusText: "Not Found",
  });
  await attempt({ first: [answer] }, async ({ run, ranges }) => {
    await assert.rejects(run(), (error: Error) => {
      assert.match(
        error.message,
        /^http:\/\/127\.0\.0\.1:\d+\/file: the server answered 404 Not Found \("File not found"\)/,
      );
      assert.match(error.message, /By hand: so\./);
      assert.deepEqual(error.cause, { status: 404 });
      return true;
    });
    assert.equal(ranges().length, 1);
  });
});

Deno.test("429 and 503 are waited for as long as the server asks", async () => {
  const date = () => new Date(Date.now() + 1500).toUTCString(); // whole seconds: 0.5 to 1.5 from now
  const first = [
    new Response("", { status: 429, headers: { "retry-after": "1" } }),
    () => new Response("", { status: 503, headers: { "retry-after": date() } }),
  ];
  await attempt({ first }, async ({ path, run, notices }) => {
    const start = performance.now();
    await run();
    assert.ok(performance.now() - start > 1400, "waited less than asked");
    assert.match(notices[0], /answered 429.*; trying again in 1 s/);
    assert.match(notices[1], /answered 503.*; trying again in [12] s/);
    assert.ok(await holds(path, bytes), "other bytes");
  });
});

Deno.test("a server that asks for too long a wait is left to the user", async () => {
  const first = [new Response("", { status: 429, headers: { "retry-after": "7200" } })];
  await attempt({ first }, async ({ run }) => {
    await assert.rejects(run(), /answered 429.*asks to wait 120 minutes\. Run this again/);
  });
});

Deno.test("an address whose signature ran out is asked for anew", async () => {
  const expired = new Response("", { status: 403 });
  await using storage = serve({ "/signed": { bytes, first: [60_000, expired] } });
  const open = () => Response.redirect(`${storage.base}/signed`, 303);
  await using server = serve({ "/file": open });
  const folder = await Deno.makeTempDir();
  const checksum = { algorithm: "md5", value: md5(bytes), binding: true };
  const file = { name: "file", address: `${server.base}/file`, bytes: size, checksum, byHand: "" };
  await downloadFile(file, join(folder, "file"), quick);
  assert.ok(await holds(join(folder, "file"), bytes), "other bytes");
  assert.equal(server.asked.length, 3);
  assert.deepEqual(storage.asked.map(({ range }) => range), [null, "bytes=60000-", "bytes=60000-"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a server that falls silent counts as cut", async () => {
  const silent = () =>
    new Response(new ReadableStream({ start: (c) => c.enqueue(bytes.slice(0, 1000)) }), {
      headers: { "content-length": String(size), etag: `"${md5(bytes)}"` },
    });
  await attempt({ first: [silent] }, async ({ path, run, notices }) => {
    await run({ patience: 0.3 });
    assert.match(notices[0], /nothing came for 0\.3 s/);
    assert.ok(await holds(path, bytes), "other bytes");
  });
});

Deno.test("nobody there: a few attempts, then what to do", async () => {
  const gone = serve();
  await gone[Symbol.asyncDispose]();
  await attempt({}, async ({ run, notices }) => {
    await assert.rejects(run({}, { address: `${gone.base}/file` }), (error: Error) => {
      assert.match(error.message, new RegExp(`^${gone.base}/file: no answer .*refused.* By hand: so`, "s"));
      return true;
    });
    assert.equal(notices.length, 3);
  });
});

Deno.test("an abort keeps what has come and says where", async () => {
  await attempt({ slow: 20 }, async ({ path, run }) => {
    const stop = new AbortController();
    const onProgress = (done: number) => {
      if (done > 60_000) stop.abort();
    };
    await assert.rejects(
      run({ signal: stop.signal, onProgress }),
      /file: interrupted\. .* kept in .*file\.part/,
    );
    assert.ok((await Deno.stat(`${path}.part`)).size > 60_000);
    await run();
    assert.ok(await holds(path, bytes), "other bytes");
  });
});
