// A client for ZeebeeAI's socket, built from the calls that its reference shows, with their frames as
// they stand there. Two things differ: address and key come from the environment, and where the
// reference sends recorded audio, this sends the next text, as speech is not spoken yet.

const socket = new WebSocket(process.env.ZEEBEE_URL)
const questions = JSON.parse(process.env.QUESTIONS)
const seen = []
let conversationId = null

function submit(text) {
  // In the reference: {type: 'audio', audio_data, model, conversation_id, language_code, tts_voice}.
  socket.send(
    JSON.stringify({
      type: "message",
      message: text,
      model: "gpt-4o",
      conversation_id: conversationId,
      language_code: "en-US",
      tts_voice: "alloy",
    }),
  )
}

function next() {
  if (questions.length) submit(questions.shift())
  else socket.close()
}

socket.onopen = () => {
  socket.send(JSON.stringify({ type: "init", api_key: process.env.ZEEBEE_KEY }))
  socket.send(JSON.stringify({ type: "ping", timestamp: Date.now() }))
}

socket.onmessage = event => {
  const data = JSON.parse(event.data)
  seen.push(data.type)
  switch (data.type) {
    case "init_ack":
      next()
      break
    case "ping":
      socket.send(JSON.stringify({ type: "pong", ping_id: data.ping_id, timestamp: Date.now() }))
      break
    case "transcript":
    case "audio_stream_start":
    case "audio_chunk":
    case "audio_stream_end":
      throw new Error("nobody spoke")
    case "response":
      if (data.conversation_id) conversationId = data.conversation_id
      console.log(JSON.stringify({ response: data.text, conversationId }))
      next()
      break
    case "error":
      console.log(JSON.stringify({ error: data.message }))
      socket.close()
      break
  }
}

socket.onclose = () => console.log(JSON.stringify({ seen }))
