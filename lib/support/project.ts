/** Where the project lies. */
import { fileURLToPath } from "node:url";

/** The project's root folder, known from this file's place and not from the working directory. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));
