// Package site is a web site for tests, and what its visitors do. All that it serves can be told in advance, so a visit
// shows whether what lies between loses, doubles or changes a byte, or holds one back that it should pass on.
//
//	Visitor -- GET  /page    noise of a given seed and size
//	           PUT  /page    the same, upwards
//	           POST /echo    what is sent comes back at once; how much it was, in a trailer
//	           GET  /events  server-sent events without end
//	           GET  /hold    no answer until Release
//	           GET  /socket  WebSocket: messages come back
package site
