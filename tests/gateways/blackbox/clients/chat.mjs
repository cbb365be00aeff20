// A page's chat, as the vendor's guide has one written: it opens a socket, begins, asks one
// question, and ends with the conversation's result. Nothing of it knows whose server answers.
// node --experimental-websocket chat.mjs URL QUESTION

const [url, question] = process.argv.slice(2)
const socket = new WebSocket(url)
const seen = []
const now = () => new Date().toISOString()
const send = (frame) => socket.send(JSON.stringify({ ...frame, timestamp: now() }))

const told = {
  event: (frame) => {
    seen.push(frame.name)
    if (frame.name === "opened") say(question)
  },
  text: (frame) => {
    const { source, text } = frame.content
    seen.push(`${source}: ${text}`)
    if (source === "assistant") terminate()
  },
  toolCall: () => seen.push("toolCall"),
  toolCallResult: () => seen.push("toolCallResult"),
  error: (frame) => seen.push(`error: ${frame.data.message}`),
}

socket.onopen = () => {
  const additionalData = { userId: "user-123", context: "support" }
  send({ type: "initialize", request: { callType: "chat", additionalData } })
}

socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data)
  told[frame.type]?.(frame)
}

socket.onclose = ({ code }) => {
  seen.push(`close: ${code}`)
  console.log(JSON.stringify(seen))
}

function say(text) {
  if (socket.readyState === WebSocket.OPEN) send({ type: "incomingChatMessage", content: text })
}

function terminate() {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no result came")), 5000)
    const others = socket.onmessage
    socket.onmessage = (event) => {
      const frame = JSON.parse(event.data)
      if (frame.type !== "conversationResult") return others(event)
      clearTimeout(timer)
      socket.onmessage = others
      const { status, metadata } = frame.result
      seen.push(`${status} ${metadata.callId ? "with" : "without"} a record`)
      resolve(frame.result)
    }
    send({ type: "terminate" })
  })
}
