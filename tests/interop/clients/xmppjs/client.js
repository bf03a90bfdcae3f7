// A client of xmpp.js that says on its standard output what it sees, a line for each event.
//
//   node client.js PORT USER PASSWORD      connects to 127.0.0.1:PORT as USER@localhost, and again whenever it is cut off
//
// A line on its standard input is "TO TEXT": a message to send. It says:
//   online JID | resumed | message TEXT | acknowledged TEXT | failed TEXT
import readline from "node:readline";
import { client, xml } from "@xmpp/client";

const [port, username, password] = process.argv.slice(2);
const say = (...words) => process.stdout.write(words.join(" ") + "\n");

const xmpp = client({ service: `xmpp://127.0.0.1:${port}`, domain: "localhost", resource: "js", username, password });
xmpp.reconnect.delay = 100;
xmpp.streamManagement.requestAckDebounce = 50;
xmpp.on("error", (error) => process.stderr.write(`${error}\n`));
xmpp.on("online", async (jid) => {
  await xmpp.send(xml("presence"));
  say("online", jid);
});
xmpp.on("stanza", (stanza) => {
  if (stanza.is("message")) say("message", stanza.getChildText("body"));
});
xmpp.streamManagement.on("resumed", () => say("resumed"));
xmpp.streamManagement.on("ack", (stanza) => stanza.is("message") && say("acknowledged", stanza.getChildText("body")));
xmpp.streamManagement.on("fail", (stanza) => stanza.is("message") && say("failed", stanza.getChildText("body")));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [to, text] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
  xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, text))).catch(() => {}); // kept, and sent when resumed
});

xmpp.start().catch((error) => process.stderr.write(`${error}\n`));
