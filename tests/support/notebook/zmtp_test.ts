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

Deno.test("a subscriber gets what is published, frames of 20 MB too", async () => {
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

Deno.test("a port where something else listens is an error that says so", async () => {
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
  for (const deadline = Date.now() + 5000; Date.now() < deadline;) {
    try {
      return await socket.receive();
    } catch { /* nothing yet */ }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("Expected a message within 5 s. Received: none");
}
