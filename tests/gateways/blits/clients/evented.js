// A client as Blits' Node users write it: it acts on each frame by its command.
//
// `node evented.js URL TOKEN QUESTION` prints what it read.
const WebSocket = require("ws");

const [url, token, question] = process.argv.slice(2);
const heard = [];
const ws = new WebSocket(url);
const send = (frame) => ws.send(JSON.stringify({ authToken: token, ...frame }));

ws.on("open", () => {
  send({
    command: "initialize",
    userId: "user-123",
    setCurrentLanguageTo: "en",
    tts: { streaming: false },
  });
});

ws.on("message", (data) => {
  const frame = JSON.parse(data.toString());
  heard.push(frame);
  if (frame.command === "initialize") {
    send({
      command: "message",
      conversationId: frame.conversationId,
      message: question,
      speechResponse: false,
      requestId: "msg-001",
    });
  }
  if (frame.command === "message") ws.close();
});

ws.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

ws.on("close", () => console.log(JSON.stringify(heard)));
