import { expect, it } from "vitest";
import { permissionsTable } from "../../src/policies/index.js";

it("has a row for each command, in their order", () => {
  const instances = "arn:aws:ec2:*:*:instance/*";
  const table = permissionsTable({
    "stop-instances": [
      { actions: ["ec2:StopInstances"], resources: [instances, "arn:aws:ec2:*:*:fleet/*"] },
      "ec2:DescribeRegions",
      "ec2:DescribeInstances",
    ],
    "list-instances": ["ec2:DescribeInstances"],
    "show-identity": [],
  });
  expect(table).toBe(`| command | permissions |
|---|---|
| \`stop-instances\` | \`ec2:DescribeInstances\`, \`ec2:DescribeRegions\`; \`ec2:StopInstances\` on \`arn:aws:ec2:*:*:fleet/*\`, \`${instances}\` |
| \`list-instances\` | \`ec2:DescribeInstances\` |
| \`show-identity\` | none |
`);
});

it("escapes what would end a cell or a code span", () => {
  const table = permissionsTable({
    "a|b": [{ actions: ["s3:GetObject"], resources: ["arn:aws:s3:::a`b\\|c"] }],
    "<img>": ["s3:ListBucket"],
  });
  expect(table).toBe(`| command | permissions |
|---|---|
| <code>a&#124;b</code> | \`s3:GetObject\` on <code>arn&#58;aws&#58;s3&#58;&#58;&#58;a&#96;b&#92;&#124;c</code> |
| \`<img>\` | \`s3:ListBucket\` |
`);
});
