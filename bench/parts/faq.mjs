export async function run() { return { title: "faq", rows: [["", ""]] }; }
