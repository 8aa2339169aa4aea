// Reads source folders as `sf project deploy start` does and converts them to what is sent to the org.
// Arguments: folder of the result, API version, source folders. Prints "type name" of every component.
import { ComponentSet, MetadataConverter } from "@salesforce/source-deploy-retrieve";

const [outputDirectory, version, ...sources] = process.argv.slice(2);
const components = ComponentSet.fromSource({ fsPaths: sources });
components.sourceApiVersion = version;
const all = components.getSourceComponents().toArray();
const children = all.flatMap((component) => component.getChildren());
for (const component of [...all, ...children]) console.log(`${component.type.name} ${component.fullName}`);
await new MetadataConverter().convert(components, "metadata", { type: "directory", outputDirectory, genUniqueDir: false });
