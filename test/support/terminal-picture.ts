/** A run of characters with the same style. */
interface Run {
  readonly text: string;
  readonly look: string;
}

const COLUMNS = 126;
const CHARACTER = 7.83;
const LINE = 18;
const MARGIN = 16;

/** The colors of a command's output: SGR parameter to CSS class. */
const LOOKS: Record<string, string> = { "0": "", "1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow" };

const STYLE = `text { font: 13px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d4d4d4; white-space: pre }
.bold { font-weight: bold; fill: #ffffff }
.dim { fill: #8a8a8a }
.red { fill: #ff6b68 }
.green { fill: #6fcf6f }
.yellow { fill: #e5c15c }`;

/** A terminal of 126 columns with a program's output, as an SVG that contains its text as text. */
export function terminalPicture(title: string, output: string): string {
  const lines = output.trimEnd().split(/\r?\n/).map(toRuns).flatMap(wrap);
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const texts = lines.map((runs, index) => {
    const y = MARGIN + index * LINE + 13;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${runs.map(toSpan).join("")}</text>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" rx="6" fill="#1e1e1e"/>`,
    ...texts,
    "</svg>",
  ].join("\n")}\n`;
}

function toRuns(line: string): Run[] {
  let look = "";
  const runs: Run[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are told colours by it
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    const code = /\[(\d+)m$/.exec(part)?.[1];
    if (part.startsWith("\u001b") && code !== undefined) look = LOOKS[code] ?? "";
    else if (part !== "") runs.push({ text: part, look });
  }
  return runs;
}

/** A terminal continues a long line on the next one. */
function wrap(runs: Run[]): Run[][] {
  const cells = runs.flatMap(({ text, look }) => [...text].map((text) => ({ text, look })));
  const lines: Run[][] = [];
  for (let start = 0; start === 0 || start < cells.length; start += COLUMNS) {
    lines.push(joinAlike(cells.slice(start, start + COLUMNS)));
  }
  return lines;
}

function joinAlike(cells: Run[]): Run[] {
  const runs: Run[] = [];
  for (const { text, look } of cells) {
    const last = runs.at(-1);
    if (last?.look === look) runs[runs.length - 1] = { text: last.text + text, look };
    else runs.push({ text, look });
  }
  return runs;
}

function toSpan({ text, look }: Run): string {
  return look === "" ? escapeXml(text) : `<tspan class="${look}">${escapeXml(text)}</tspan>`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
