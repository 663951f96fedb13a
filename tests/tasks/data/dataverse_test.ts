import assert from "node:assert/strict";
import { type Guest, readDataset } from "../../../lib/tasks/data/dataverse.ts";
import { serve } from "../../support/file_server.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const listPath = "/api/datasets/:persistentId/?persistentId=doi:1";
const version = (more: object) => ({ data: { latestVersion: { files: [], ...more } } });
const withFile = (dataFile: object) => version({ files: [{ label: "a.zip", dataFile }] });

/** A Dataverse that gives these answers for its list and for file 7. `read` asks for the list. */
async function trial(
  list: unknown,
  file: (asked: { method: string; path: string }) => Response = () => new Response(),
) {
  const folder = await temporaryFolder();
  const server = serve({
    [listPath]: () => typeof list === "string" ? new Response(list) : Response.json(list),
    "/api/access/datafile/7": file,
    "/signed?until=1": () => new Response("bytes"),
  });
  const { base } = server;
  return {
    server,
    read: (guest: Guest | null = null) =>
      readDataset({ base, doi: "doi:1", guest, byHand: "By hand: so." }, { work: folder.path, waits: [] }),
    /** What the first file's request brings. */
    async open(guest: Guest | null = null) {
      const { files: [file] } = await this.read(guest);
      return await file.open!({ headers: {}, signal: new AbortController().signal });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("size and checksum are used for plain files, but not for ingested tables", async () => {
  const plain = { id: 7, filesize: 12 };
  const md5 = { type: "MD5", value: "AB12" };
  const cases: [object, number | null, object | null][] = [
    [{ ...plain, checksum: md5 }, 12, { algorithm: "md5", value: "ab12" }],
    [{ ...plain, checksum: { type: "SHA-1", value: "0" } }, 12, { algorithm: "sha1", value: "0" }],
    [{ ...plain, checksum: { type: "CRC-9", value: "0" } }, 12, null],
    [plain, 12, null],
    [{ ...plain, checksum: md5, originalFileFormat: "text/csv" }, null, null],
  ];
  for (const [dataFile, bytes, checksum] of cases) {
    await using test = await trial(withFile(dataFile));
    const { files: [file] } = await test.read();
    assert.deepEqual([file.name, file.bytes, file.checksum], ["a.zip", bytes, checksum]);
  }
});

Deno.test("version and licence are read in each form that Dataverse servers use", async () => {
  const cases: [object, (string | null)[]][] = [
    [{ versionNumber: 4, versionMinorNumber: 0, license: { name: "CC BY-NC 4.0" } }, ["4.0", "CC BY-NC 4.0"]],
    [{ license: "NONE", termsOfUse: "<b>For</b>\n research" }, [null, "For research"]],
    [{ license: "CC0" }, [null, "CC0"]],
    [{ license: "NONE" }, [null, null]],
  ];
  for (const [given, expected] of cases) {
    await using test = await trial(version(given));
    const told = await test.read();
    assert.deepEqual([told.version, told.licence], expected);
  }
});

Deno.test("an invalid list of files is refused, with the manual steps", async () => {
  for (const bad of ["<", "{}", "null", version({ files: undefined }), withFile({ id: "7" })]) {
    await using test = await trial(bad);
    const message = /persistentId=doi:1: expected a Dataverse's list of files\. Received: .* By hand: so\.$/s;
    await assert.rejects(test.read(), { name: "SyntaxError", message });
  }
});

Deno.test("if only a browser can get the list, the error says so, with the manual steps", async () => {
  const waf = () => new Response(null, { status: 202, headers: { "x-amzn-waf-action": "challenge" } });
  const page = () => new Response("<html><title>Welcome to the hotel</title>");
  for (
    const [answer, received] of [[waf, "202 Accepted (x-amzn"], [page, '"Welcome to the hotel"']] as const
  ) {
    await using test = await trial("");
    test.server.files[listPath] = answer;
    await assert.rejects(test.read(), ({ message }) => {
      assert.ok(message.includes(received), message);
      return /persistentId=doi:1: .*The server requires a browser\. .* By hand: so\.$/.test(message);
    });
  }
});

Deno.test("user details are sent only if the depositor asks for them", async () => {
  const guest = { name: "A", email: "a@b", institution: "C", position: "D" };
  const refusal = "You may not download this file without the required Guestbook response for guestbookID 9.";
  for (const status of [400, 200]) { // seen with both
    await using test = await trial(
      withFile({ id: 7 }),
      ({ method }) =>
        method === "POST"
          ? Response.json({ data: { signedUrl: `${test.server.base}/signed?until=1` } })
          : Response.json({ message: refusal }, { status }),
    );
    assert.equal(await (await test.open(guest)).text(), "bytes");
    const posts = test.server.asked.filter(({ method }) => method === "POST");
    assert.deepEqual(posts.map(({ body }) => JSON.parse(body)), [{
      guestbookResponse: { ...guest, answers: [] },
    }]);
    const message = /the depositor asks who downloads\. Give --name, .* Received: .*guestbookID 9/;
    await assert.rejects(test.open(), { message });
  }
  await using open = await trial(withFile({ id: 7 }), () => new Response("bytes"));
  assert.equal(await (await open.open(guest)).text(), "bytes");
  assert.deepEqual(open.server.asked.map(({ method }) => method), ["GET", "GET"]);
});

Deno.test("JSON is never taken for a file", async () => {
  await using test = await trial(withFile({ id: 7 }), () => Response.json({ message: "no" }));
  assert.equal((await test.open()).status, 400);
});
