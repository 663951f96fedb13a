import assert from "node:assert/strict";
import { type Datafile, type Guest, readDataset, remoteFile } from "../../../lib/tasks/data/dataverse.ts";
import { serve, temporaryFolder } from "../../support/file_server.ts";

const listPath = "/api/datasets/:persistentId/?persistentId=doi:1";
const plain = { id: 7, filename: "a.zip", filesize: 12 };
const md5 = { type: "MD5", value: "AB12" };
const version = (more: object) => ({ data: { latestVersion: { files: [], ...more } } });
const withFile = (dataFile: object, label?: string) => version({ files: [{ label, dataFile }] });

/** What is read from an answer: an object as JSON, or a text. */
async function read(answer: unknown) {
  await using folder = await temporaryFolder();
  await using server = serve({
    [listPath]: () => typeof answer === "string" ? new Response(answer) : Response.json(answer),
  });
  return await readDataset({ base: server.base, byHand: "By hand: so." }, "doi:1", {
    work: folder.path,
    waits: [],
  });
}

Deno.test("size and checksum of a plain file count; of an ingested table the original's size and no checksum", async () => {
  const file = { id: 7, name: "a.zip", bytes: 12, ingested: false };
  const checksums = [
    [md5, { algorithm: "md5", value: "ab12" }],
    [{ type: "SHA-1", value: "0" }, { algorithm: "sha1", value: "0" }],
    [{ type: "SHA-512", value: "0" }, { algorithm: "sha512", value: "0" }],
    [{ type: "CRC-9", value: "0" }, null],
    [undefined, null],
  ];
  for (const [checksum, expected] of checksums) {
    assert.deepEqual((await read(withFile({ ...plain, checksum }))).files, [{ ...file, checksum: expected }]);
  }
  const table = { ...plain, checksum: md5, originalFileFormat: "text/csv", originalFileSize: 34 };
  const ingested = { ...file, name: "t.tab", ingested: true, checksum: null };
  assert.deepEqual((await read(withFile(table, "t.tab"))).files, [{ ...ingested, bytes: 34 }]);
  const older = { ...table, originalFileSize: undefined };
  assert.deepEqual((await read(withFile(older, "t.tab"))).files, [{ ...ingested, bytes: null }]);
});

Deno.test("version and licence are told in each form that Dataverses gave them", async () => {
  const cases: [object, (string | null)[]][] = [
    [{ versionNumber: 4, versionMinorNumber: 0, license: { name: "CC BY-NC 4.0" } }, ["4.0", "CC BY-NC 4.0"]],
    [{ license: "NONE", termsOfUse: "<b>For</b>\n research" }, [null, "For research"]],
    [{ license: "CC0" }, [null, "CC0"]],
    [{ license: "NONE" }, [null, null]],
  ];
  for (const [given, expected] of cases) {
    const told = await read(version(given));
    assert.deepEqual([told.version, told.licence], expected);
  }
});

Deno.test("what is no list of files is refused with the way by hand", async () => {
  for (
    const bad of ["<html>", "{}", "null", version({ files: undefined }), withFile({ ...plain, id: "7" })]
  ) {
    const message =
      /^http.*persistentId=doi:1: expected a Dataverse's list of files\. Received: .* By hand: so\.$/s;
    await assert.rejects(read(bad), { name: "SyntaxError", message });
  }
});

Deno.test("who downloads is told only to a depositor that asks", async () => {
  const guest = { name: "A", email: "a@b", institution: "C", position: "D" };
  const refusal = "You may not download this file without the required Guestbook response for guestbookID 9.";
  for (const status of [400, 200]) { // seen with both
    await using server = serve({
      "/api/access/datafile/1": () => new Response("bytes"),
      "/api/access/datafile/2": ({ method }) =>
        method === "POST"
          ? Response.json({ status: "OK", data: { signedUrl: `${server.base}/signed?until=1` } })
          : Response.json({ status: "ERROR", message: refusal }, { status }),
      "/signed?until=1": () => new Response("bytes"),
    });
    const open = (id: number, guest: Guest | null) =>
      remoteFile({ base: server.base, byHand: "" }, { id } as Datafile, { guest })
        .open!({ headers: {}, signal: new AbortController().signal });
    for (const id of [1, 2]) assert.equal(await (await open(id, guest)).text(), "bytes");
    const posts = server.asked.filter(({ method }) => method === "POST");
    assert.deepEqual(posts.map(({ path, body }) => [path, JSON.parse(body)]), [
      ["/api/access/datafile/2", { guestbookResponse: { ...guest, answers: [] } }],
    ]);
    const message = /the depositor asks who downloads\. Give --name, .* Received: .*guestbookID 9/;
    await assert.rejects(open(2, null), { message });
  }
});

Deno.test("JSON is never taken for a file", async () => {
  await using server = serve({ "/api/access/datafile/1": () => Response.json({ message: "no" }) });
  const file = remoteFile({ base: server.base, byHand: "" }, { id: 1 } as Datafile, { guest: null });
  const response = await file.open!({ headers: {}, signal: new AbortController().signal });
  assert.equal(response.status, 400);
});
