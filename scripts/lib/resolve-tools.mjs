// For `node --import`: lets tests import the packages of scripts/tools by name (playwright-core),
// which lie in the cache and not in a node_modules of this tree.
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const tools = pathToFileURL(join(process.env.NPM_TOOLS, "package.json")).href;

registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (error.code !== "ERR_MODULE_NOT_FOUND" || /^[./]|:/.test(specifier)) throw error;
      return next(specifier, { ...context, parentURL: tools });
    }
  },
});
