// Uploads by tus-js-client through a proxy that cuts connections, each later than the one before; tells how often.
"use strict";
const net = require("node:net");
const tus = require("tus-js-client");

const { address, token, cuts } = JSON.parse(process.argv[2]);
const [host, port] = address.split(":");
let cut = 0;
const proxy = net.createServer((client) => {
  const server = net.connect(Number(port), host);
  let passed = 0;
  const most = cut < cuts ? 1_500_000 + cut * 400_000 : Infinity;
  const end = () => [client, server].forEach((socket) => socket.destroy());
  for (const socket of [client, server]) socket.on("error", end).on("close", end);
  client.on("data", (bytes) => {
    passed += bytes.length;
    if (passed > most) {
      cut += 1;
      return end();
    }
    if (server.write(bytes)) return;
    client.pause();
    server.once("drain", () => client.resume());
  });
  server.on("data", (bytes) => client.write(bytes));
});

proxy.listen(0, "127.0.0.1", () => {
  const file = Buffer.alloc(20_000_000, "tonearm ");
  const upload = new tus.Upload(file, {
    endpoint: `http://127.0.0.1:${proxy.address().port}/core/v2/storage/uploads`,
    retryDelays: Array(20).fill(50),
    headers: { Authorization: `Bearer ${token}` },
    // As @uppy/tus 6.0.0 says it, and an attribute.
    metadata: {
      relativePath: null, name: "by tus.bin", type: "application/octet-stream", filetype: "application/octet-stream", filename: "by tus.bin", string_key_1: "caller",
    },
    uploadSize: file.length,
    onError: (error) => {
      console.error(error.message);
      process.exit(1);
    },
    onSuccess: () => {
      console.log(cut);
      process.exit(0);
    },
  });
  upload.start();
});
