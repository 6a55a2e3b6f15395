export async function run() { return { title: "size", rows: [["", ""]] }; }
