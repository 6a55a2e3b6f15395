// Reads prints back with programs that share no code with Shopbell's: PDFium draws the pages, as
// Chrome does, and ZBar finds the codes. One JSON object a line.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const [command, ...args] = process.argv.slice(2);
if (command === "pages") await pages(...args);
else if (command === "codes") await codes(args);
else throw new Error(`read-prints knows pages and codes, not ${command}`);

/** Each page as a picture, and the text that can be selected on it. */
async function pages(pdf, dpi, folder) {
  const { PDFiumLibrary } = await import("@hyzyla/pdfium");
  const library = await PDFiumLibrary.init();
  const document = await library.loadDocument(await readFile(pdf));
  await mkdir(folder, { recursive: true });
  for (const page of document.pages()) {
    // Rendering closes the page.
    const text = page.getText();
    const { originalWidth, originalHeight } = page.getOriginalSize();
    const { width, height, data } = await page.render({ scale: Number(dpi) / 72, render: "bitmap" });
    const file = join(folder, `${page.number}.ppm`);
    const rgb = Buffer.alloc(width * height * 3);
    for (let at = 0; at < width * height; at++) {
      for (let channel = 0; channel < 3; channel++) rgb[at * 3 + channel] = data[at * 4 + channel];
    }
    await writeFile(file, Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rgb]));
    print({ file, points: [originalWidth, originalHeight], text });
  }
  document.destroy();
  library.destroy();
}

/** The codes of each picture, with the middle of each. */
async function codes(files) {
  const { scanGrayBuffer } = await import("@undecaf/zbar-wasm");
  for (const file of files) {
    const bytes = await readFile(file);
    const [header, kind, width, height] = /^(P[56]) (\d+) (\d+) 255\n/.exec(bytes.toString("latin1", 0, 40));
    const pixels = bytes.subarray(header.length);
    const grey = kind === "P5" ? pixels : toGrey(pixels);
    const symbols = await scanGrayBuffer(Uint8Array.from(grey).buffer, Number(width), Number(height));
    const found = symbols.map((symbol) => ({ text: symbol.decode(), kind: symbol.typeName, at: middle(symbol.points) }));
    print({ file, codes: found });
  }
}

function toGrey(rgb) {
  const grey = new Uint8Array(rgb.length / 3);
  for (let at = 0; at < grey.length; at++) {
    grey[at] = 0.299 * rgb[at * 3] + 0.587 * rgb[at * 3 + 1] + 0.114 * rgb[at * 3 + 2];
  }
  return grey;
}

function middle(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))];
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
