import assert from "node:assert/strict";
import { openDatafile, parseDataset, readDataset } from "../../../lib/support/download/dataverse.ts";
import { serve } from "./server.ts";

const where = { address: "http://dataverse/api", byHand: "By hand: so." };
const file = (dataFile: object, more: object = {}) => ({
  label: "a.zip",
  restricted: false,
  ...more,
  dataFile,
});
const answer = (version: object) => JSON.stringify({ status: "OK", data: { id: 1, latestVersion: version } });
const plain = { id: 7, filename: "a.zip", filesize: 12, contentType: "application/zip" };
const init = () => ({ headers: new Headers(), signal: new AbortController().signal });
const guest = { name: "A", email: "a@b", institution: "C", position: "D" };

Deno.test("size and checksum of a plain file bind", () => {
  const checksum = { type: "MD5", value: "AB12" };
  const { files } = parseDataset(answer({ files: [file({ ...plain, md5: "ab12", checksum })] }), where);
  assert.deepEqual(files, [{
    id: 7,
    name: "a.zip",
    bytes: 12,
    checksum: { algorithm: "md5", value: "ab12", binding: true },
    ingested: false,
    restricted: false,
  }]);
  for (const [type, algorithm] of [["SHA-1", "sha1"], ["SHA-256", "sha256"], ["SHA-512", "sha512"]]) {
    const one =
      parseDataset(answer({ files: [file({ ...plain, checksum: { type, value: "0" } })] }), where).files[0];
    assert.equal(one.checksum?.algorithm, algorithm);
  }
  const only = (data: object) => parseDataset(answer({ files: [file(data)] }), where).files[0].checksum;
  assert.equal(only({ ...plain, md5: "ab12" })?.value, "ab12");
  assert.equal(only({ ...plain, checksum: { type: "CRC-9", value: "0" } }), null);
  assert.equal(only(plain), null);
});

Deno.test("of an ingested table the original's size counts and no checksum binds", () => {
  const data = { ...plain, originalFileFormat: "text/csv", originalFileSize: 34, md5: "ab12" };
  const [table] = parseDataset(answer({ files: [file(data, { label: "t.tab" })] }), where).files;
  assert.deepEqual([table.ingested, table.bytes, table.checksum?.binding], [true, 34, false]);
  const { originalFileSize: _, ...older } = data;
  assert.equal(parseDataset(answer({ files: [file(older)] }), where).files[0].bytes, null);
});

Deno.test("version and licence are told in every form that Dataverses gave them", () => {
  const told = (version: object) => {
    const { version: number, licence } = parseDataset(answer({ files: [], ...version }), where);
    return [number, licence];
  };
  const license = { name: "CC BY-NC 4.0", uri: "http://creativecommons.org/licenses/by-nc/4.0" };
  assert.deepEqual(told({ versionNumber: 4, versionMinorNumber: 0, license }), [
    "4.0",
    "CC BY-NC 4.0 (http://creativecommons.org/licenses/by-nc/4.0)",
  ]);
  assert.deepEqual(told({ license: "NONE", termsOfUse: "<b>For</b>\n research" }), [null, "For research"]);
  assert.deepEqual(told({ license: "CC0" }), [null, "CC0"]);
  assert.deepEqual(told({ license: "NONE" }), [null, null]);
});

Deno.test("what is no list of files is refused with the way by hand", () => {
  const bad = [
    "<html>",
    "{}",
    "null",
    answer({}),
    answer({ files: [{}] }),
    answer({ files: [file({ id: "7" })] }),
  ];
  for (const text of bad) {
    assert.throws(() => parseDataset(text, where), (error) => {
      assert.ok(error instanceof SyntaxError);
      assert.match(
        error.message,
        /^http:\/\/dataverse\/api: expected a Dataverse's list of files.*By hand: so/s,
      );
      return true;
    }, text);
  }
});

Deno.test("asking for a dataset waits where the server is busy and ends where it refuses", async () => {
  let turn = 0;
  const busy = () => new Response("", { status: 503, headers: { "retry-after": "0" } });
  const missing = () => Response.json({ status: "ERROR", message: "not found" }, { status: 404 });
  await using server = serve({
    "/busy": () => turn++ < 2 ? busy() : new Response(answer({ files: [file(plain)] })),
    "/missing": missing,
  });
  const at = (path: string) => ({ ...where, address: server.base + path });
  assert.equal((await readDataset(at("/busy"))).files[0].id, 7);
  await assert.rejects(
    readDataset(at("/missing")),
    /\/missing: the server answered 404.*"not found".*By hand: so/s,
  );
  assert.equal(server.asked.length, 4);
});

Deno.test("who downloads is told only to a depositor that asks", async () => {
  const refusal = "You may not download this file without the required Guestbook response for guestbookID 9.";
  for (const status of [400, 200]) { // seen with both
    await using server = serve({
      "/open": () => new Response("bytes"),
      "/asks": ({ method }) =>
        method === "POST"
          ? Response.json({ status: "OK", data: { signedUrl: `${server.base}/signed?until=1` } })
          : Response.json({ status: "ERROR", message: refusal }, { status }),
      "/signed?until=1": () => new Response("bytes"),
    });
    for (const path of ["/open", "/asks"]) {
      const response = await openDatafile(server.base + path, guest, init());
      assert.equal(await response.text(), "bytes");
    }
    const posts = server.asked.filter(({ method }) => method === "POST");
    assert.deepEqual(posts.map(({ path, body }) => [path, JSON.parse(body)]), [
      ["/asks", { guestbookResponse: { ...guest, answers: [] } }],
    ]);
    await assert.rejects(
      openDatafile(`${server.base}/asks`, null, init()),
      /the depositor asks who downloads\. Give --name, .* Received: .*guestbookID 9/,
    );
  }
});

Deno.test("JSON is never taken for a file", async () => {
  await using server = serve({ "/x": () => Response.json({ status: "ERROR", message: "no" }) });
  const response = await openDatafile(`${server.base}/x`, null, init());
  assert.equal(response.status, 400);
});
