// @ts-ignore: pdf.js does not type its worker
export * from "pdfjs-dist/build/pdf.worker.mjs";
