/** Finds pictures inside text and JSON. */

/** How Base64 of JPEG, PNG, GIF, WebP (RIFF) and TIFF begins, with so much after it that it is no mere mention. */
const base64Image = /(?:\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|SUkqA|TU0AK)(?:[A-Za-z0-9+/]|\\n|\r?\n){100}/;
const imageAddress = /data:(?:image|video)\//i;
/** Code may speak of such addresses, as when it makes one; it must not hold one. */
const filledImageAddress = /data:(?:image|video)\/[^,"'`\s]{1,60},[A-Za-z0-9+/=%]{40}/i;

/**
 * What picture a value of any depth holds, in words; null where it holds none.
 *
 * @param options.isCode a `data:image` address without content is let pass; default false
 */
export function findEmbeddedImage(value: unknown, options: { isCode?: boolean } = {}): string | null {
  if (typeof value === "string") {
    const address = value.match(options.isCode ? filledImageAddress : imageAddress);
    if (address) return `a data address of a picture (${value.slice(address.index, address.index! + 30)}…)`;
    const base64 = value.match(base64Image);
    return base64 && `Base64 of a picture (${base64[0].slice(0, 12)}…)`;
  }
  if (value === null || typeof value !== "object") return null;
  for (const [key, item] of Object.entries(value)) {
    const found = findEmbeddedImage(key, options) ?? findEmbeddedImage(item, options);
    if (found) return found;
  }
  return null;
}

/** What in a plotly figure shows pixels or a picture from elsewhere, in words; null where nothing does. */
export function findPixels(plotly: unknown): string | null {
  const { data, layout, frames } = (plotly ?? {}) as Record<string, unknown>;
  const traces = [data, frames].flat().flatMap((item) =>
    item && typeof item === "object" && "data" in item ? item.data : item
  );
  if (traces.some((trace) => (trace as { type?: unknown } | undefined)?.type === "image")) {
    return "a plotly figure with an image trace";
  }
  const images = (layout as { images?: unknown[] } | undefined)?.images;
  return images && images.length > 0 ? "a plotly figure with layout.images" : null;
}
