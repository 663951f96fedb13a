/** What a way of installing the native engine is. */
import type { OnProgress } from "./command.ts";

/** How the native engine came here; `found`: it was there already, put by someone else, and computes. */
export type InstallWay = "official" | "wheel" | "found";

/** What a way of installing works on. */
export interface Stage {
  /** The npm package; it is only read. */
  packageFolder: string;
  /** Empty folder inside the package, to be given `deps/lib` with the libraries and the addon at {@link addonPath}. */
  stage: string;
  onProgress: OnProgress;
}

/** One way to get a native engine. */
export interface Way {
  name: InstallWay;
  title: string;
  /** What makes this way impossible here, found in seconds, or null. */
  obstacle(place: { packageFolder: string }): Promise<string | null>;
  install(stage: Stage): Promise<void>;
}
