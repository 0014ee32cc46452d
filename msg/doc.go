// Package msg is ringstack's control protocol: requests with an id, replies of any length.
//
//	tool, secondary --- control socket (SOCK_SEQPACKET) --- primary --- message rings --- secondary
//
// Both carriers use the same 24-byte header and JSON payloads. A request fits one frame or message
// buffer, and so does a refusal; a longer reply comes in several, all but the last marked FlagMore.
// On the socket a Conn moves frames and a Client matches replies to calls; on a message ring a
// Requester (primary) and a Responder (secondary) do so without blocking, from the loop that owns
// the ring.
package msg
