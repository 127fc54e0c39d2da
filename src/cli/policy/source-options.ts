import type { RolesAndSettings } from "../../policies/index.js";
import type { OptionSpecs, OptionValues } from "../command.js";
import { readInstanceFile } from "../instance-file.js";
import type { ReportOutput } from "../report.js";

/** Which roles a document is about, and the settings of their sessions. */
export const SOURCE_OPTIONS = {
  config: {
    value: "<file>",
    help:
      "The instance's settings in JSON: allowedRoles or roleArn, externalId, tags, sourceIdentity, sourceRole, " +
      "accounts.",
  },
  "author-tag": {
    value: "<key>",
    field: "authorTagKeys",
    help: "A session tag that authors may add, with any value.",
    multiple: true,
  },
  "inherited-tag": {
    value: "<key>",
    field: "inheritedTagKeys",
    help: "A transitive tag of the base identity's session, such as one from EKS Pod Identity.",
    multiple: true,
  },
  "source-identity": {
    value: "<id>",
    field: "sourceIdentities",
    help: "A source identity that authors may set; may contain * and ?.",
    multiple: true,
  },
} as const satisfies OptionSpecs;

export function readSourceOptions(values: OptionValues<typeof SOURCE_OPTIONS>, stderr: ReportOutput): RolesAndSettings {
  return {
    instance: values.config === undefined ? undefined : readInstanceFile(values.config, stderr),
    authorTagKeys: values["author-tag"],
    inheritedTagKeys: values["inherited-tag"],
    sourceIdentities: values["source-identity"],
  };
}
