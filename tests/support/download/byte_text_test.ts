import assert from "node:assert/strict";
import { byteText, transferText } from "../../../lib/support/download/byte_text.ts";

Deno.test("bytes are told with two to four digits", () => {
  const told = [0, 1, 999, 1000, 999_499, 999_500, 5.34e6, 58_889_256, 999.4e6, 999.5e6, 2.84e9].map(
    byteText,
  );
  assert.deepEqual(told, [
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1 kB",
    "999 kB",
    "1.0 MB",
    "5.3 MB",
    "59 MB",
    "999 MB",
    "1.0 GB",
    "2.8 GB",
  ]);
});

Deno.test("rate and time count what this call brings, not what was there", () => {
  let time = 0;
  const text = transferText("a.zip", { start: 500e6, now: () => time });
  const line = (seconds: number) => {
    time = seconds;
    return text(500e6 + seconds * 10e6, 1e9);
  };
  assert.equal(line(0), "a.zip  50 %  500 MB of 1.0 GB");
  for (const seconds of [1, 2]) line(seconds);
  assert.equal(line(10), "a.zip  60 %  600 MB of 1.0 GB  10 MB/s  40 s left");
  assert.equal(line(50), "a.zip  100 %  1.0 GB of 1.0 GB");
  assert.equal(transferText("a.zip")(7e6, null), "a.zip  7.0 MB");
});
