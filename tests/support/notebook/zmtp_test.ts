import assert from "node:assert/strict";
import { connectZmtp } from "../../../lib/support/notebook/zmtp.ts";
import * as zmq from "zeromq";
import { randomFor } from "../../../lib/support/random.ts";

const bytes = (length: number, seed: number) => {
  const random = randomFor("zmtp_test", seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};
const sizes = [0, 1, 254, 255, 256, 257, 65_535, 65_536, 65_537, 1_000_003];

Deno.test("messages of all sizes and many frames go to libzmq and back unchanged", async () => {
  const router = new zmq.Router({ receiveTimeout: 0, linger: 0 });
  await router.bind("tcp://127.0.0.1:*");
  const socket = await connectZmtp(Number(router.lastEndpoint!.split(":").at(-1)), "DEALER");
  const received = socket.messages();
  const frames = sizes.map(bytes);
  for (const message of [frames, [bytes(3, 99)], [new Uint8Array(), new Uint8Array()]]) {
    await socket.send(message);
    await router.send(await poll(router));
    const { value } = await received.next();
    assert.deepEqual(value, message);
  }
  socket.close();
  assert.equal((await received.next()).done, true);
  router.close();
});

Deno.test("a subscriber gets all that is published, also 20 MB frames", async () => {
  const publisher = new zmq.XPublisher({ receiveTimeout: 0, linger: 0 });
  await publisher.bind("tcp://127.0.0.1:*");
  const socket = await connectZmtp(Number(publisher.lastEndpoint!.split(":").at(-1)), "SUB");
  assert.deepEqual([...(await poll(publisher))[0]], [1], "the subscription to everything");
  const received = socket.messages();
  const long = new Uint8Array(20e6).fill(7);
  await publisher.send(["topic", long, "end"]);
  const frames: Uint8Array[] = (await received.next()).value;
  assert.deepEqual(frames.map((frame) => frame.length), [5, 20e6, 3]);
  assert.ok(frames[1].every((byte) => byte === 7));
  publisher.close();
  assert.equal((await received.next()).done, true);
  socket.close();
});

Deno.test("messages that a kernel sends in the middle of a long frame are taken out of it, and nothing is lost", async () => {
  const long = JSON.stringify("x".repeat(100_000));
  for (let seed = 0; seed < 40; seed++) {
    const random = randomFor("zmtp_test, inserted", seed);
    // Up to three messages, also two at one place and one that reaches beyond what is left of the frame.
    const idle = Array.from(
      { length: 1 + seed % 3 },
      (_, i) => ["<IDS|MSG>", `${seed} ${i}`, "y".repeat(seed * 20)],
    );
    const cuts = idle.map(() => seed % 4 === 0 ? long.length - 11 : Math.floor(random() * (long.length - 10)))
      .sort((
        a,
        b,
      ) => a - b);
    let frame = "";
    [0, ...cuts].forEach((cut, i) => frame += (i > 0 ? wire(idle[i - 1]) : "") + long.slice(cut, cuts[i]));
    const header = wire(["<IDS|MSG>", "before", long]).slice(0, -long.length);
    const socket = await connectZmtp(publish(header + frame + wire(["<IDS|MSG>", "after"])), "SUB");
    const received: string[][] = [];
    for await (const frames of socket.messages()) {
      received.push(frames.map((bytes) => new TextDecoder().decode(bytes)));
    }
    assert.deepEqual(
      received,
      [["<IDS|MSG>", "before", long], ...idle, ["<IDS|MSG>", "after"]],
      `seed ${seed}`,
    );
    socket.close();
  }
});

/** A message's frames as they stand on the wire; a character is a byte. */
function wire(frames: string[]): string {
  return frames.map((body, i) => {
    const flag = (i < frames.length - 1 ? 1 : 0) | (body.length > 255 ? 2 : 0);
    const size = body.length.toString(16).padStart(body.length > 255 ? 16 : 2, "0");
    return [flag, ...size.match(/../g)!.map((hex) => parseInt(hex, 16))]
      .map((byte) => String.fromCharCode(byte)).join("") + body;
  }).join("");
}

/** A port where a publisher sends these bytes to the first subscriber, then closes. */
function publish(text: string): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const greeting = `\xff${"\0".repeat(8)}\x7f\x03\0NULL${"\0".repeat(48)}`;
  const ready = "\x05READY\x0bSocket-Type\0\0\0\x03PUB";
  (async () => {
    using connection = await listener.accept();
    listener.close();
    const all = Uint8Array.from(
      `${greeting}\x04${String.fromCharCode(ready.length)}${ready}${text}`,
      (byte) => byte.charCodeAt(0),
    );
    for (let done = 0; done < all.length;) done += await connection.write(all.subarray(done));
    await connection.closeWrite();
    for (const heard = new Uint8Array(99); await connection.read(heard) !== null;);
  })();
  return listener.addr.port;
}

Deno.test("if the port answers something other than ZMTP, the error says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answered = listener.accept().then(async (connection) => {
    await connection.write(
      new TextEncoder().encode(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nServer: other things\r\n\r\n",
      ),
    );
    connection.close();
  });
  await assert.rejects(connectZmtp(listener.addr.port, "SUB"), /expected a ZMTP 3 greeting/);
  await answered;
  listener.close();
});

/** Waits for a message; zeromq's own wait does not return in Deno. */
async function poll(socket: zmq.Router | zmq.XPublisher): Promise<Uint8Array[]> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    try {
      return await socket.receive();
    } catch { /* nothing yet */ }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("Expected a message within 20 s. Received: none");
}
