/** A stream that keeps what is written to it, in the place of a terminal or a file. */
export function fakeStream(isTerminal: boolean) {
  const stream = {
    text: "",
    isTerminal: () => isTerminal,
    writeSync(bytes: Uint8Array) {
      stream.text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    /** What a terminal would show: the lines after carriage returns and "erase to the end of the line". */
    screen: () =>
      stream.text.split("\n").map((line) =>
        line.split("\r").reduce((shown, part) => {
          const [kept, ...rest] = part.split("\x1b[K");
          return rest.length > 0 ? kept + rest.join("") : kept + shown.slice(kept.length);
        }, "")
      ),
  };
  return stream;
}
