package tcp

// Stats are counters since the start, one for each Counter. They have FreeBSD's names where FreeBSD has one (struct tcpstat).
type Stats [numCounters]uint64

// Counter is an index into Stats.
type Counter uint8

const (
	ConnAttempt Counter = iota
	Accepts
	Connects
	Drops
	ConnDrops
	Closes
	RTTUpdated
	RexmtTimeo
	TimeoutDrop
	PersistTimeo
	PersistDrop
	KeepTimeo
	KeepProbe
	KeepDrops
	FinWait2Drops
	SndTotal
	SndPack
	SndByte
	SndRexmitPack
	SndRexmitByte
	SndProbe
	SndAcks
	SndWinUp
	SndCtrl
	SndRST
	RcvTotal
	RcvPack
	RcvByte
	RcvBadSum
	RcvBadOff
	RcvShort
	RcvMemDrop
	RcvReassFull
	RcvDupPack
	RcvDupByte
	RcvPartDupPack
	RcvOOPack
	RcvOOByte
	RcvAfterWin
	RcvAfterClose
	RcvWinProbe
	RcvDupAck
	RcvAckTooMuch
	RcvAckTooOld
	RcvAckPack
	RcvAckByte
	RcvUrg
	RcvNoAck
	PAWSDrop
	MissingTS
	PredAck
	PredDat
	BadSyn
	BadRST
	BadAddr
	BadICMP
	SoftICMP
	HardICMP
	MTUReduced
	PMTUDBlackhole
	ListenDrop
	NoPort
	RSTLimited
	ChallengeAcks
	ChallengeLimited
	SCAdded
	SCRetransmitted
	SCDupSyn
	SCDropped
	SCCompleted
	SCAborted
	SCBadAck
	SCReset
	SCStale
	SCSendCookie
	SCRecvCookie
	SCBadCookie
	SackRecovery
	SackRcvBlocks
	SackSendBlocks
	SackBadBlocks
	SackFull
	DSackSent
	DSackRcvd
	RenoRecovery
	RackReoTimeo
	TLPSent
	TLPRecovered
	SpuriousRexmt
	ECNCE
	ECNHandshake
	ECNCWR
	TWCreated
	TWRecycled
	TWFull
	TWReused
	TWReset
	TWAck
	OutNoBuf
	numCounters
)

var counterNames = [numCounters]string{
	ConnAttempt: "connattempt", Accepts: "accepts", Connects: "connects", Drops: "drops", ConnDrops: "conndrops",
	Closes: "closed", RTTUpdated: "rttupdated", RexmtTimeo: "rexmttimeo", TimeoutDrop: "timeoutdrop",
	PersistTimeo: "persisttimeo", PersistDrop: "persistdrop", KeepTimeo: "keeptimeo", KeepProbe: "keepprobe",
	KeepDrops: "keepdrops", FinWait2Drops: "finwait2_drops", SndTotal: "sndtotal", SndPack: "sndpack", SndByte: "sndbyte",
	SndRexmitPack: "sndrexmitpack", SndRexmitByte: "sndrexmitbyte", SndProbe: "sndprobe", SndAcks: "sndacks",
	SndWinUp: "sndwinup", SndCtrl: "sndctrl", SndRST: "sndrst", RcvTotal: "rcvtotal", RcvPack: "rcvpack", RcvByte: "rcvbyte",
	RcvBadSum: "rcvbadsum", RcvBadOff: "rcvbadoff", RcvShort: "rcvshort", RcvMemDrop: "rcvmemdrop",
	RcvReassFull: "rcvreassfull", RcvDupPack: "rcvduppack", RcvDupByte: "rcvdupbyte", RcvPartDupPack: "rcvpartduppack",
	RcvOOPack: "rcvoopack", RcvOOByte: "rcvoobyte", RcvAfterWin: "rcvpackafterwin", RcvAfterClose: "rcvafterclose",
	RcvWinProbe: "rcvwinprobe", RcvDupAck: "rcvdupack", RcvAckTooMuch: "rcvacktoomuch", RcvAckTooOld: "rcvacktooold",
	RcvAckPack: "rcvackpack", RcvAckByte: "rcvackbyte", RcvUrg: "rcvurg", RcvNoAck: "rcvnoack", PAWSDrop: "pawsdrop",
	MissingTS: "missing_ts", PredAck: "predack", PredDat: "preddat", BadSyn: "badsyn", BadRST: "badrst", BadAddr: "badaddr",
	BadICMP: "badicmp", SoftICMP: "softicmp", HardICMP: "hardicmp", MTUReduced: "mturesent",
	PMTUDBlackhole: "pmtud_blackhole_activated", ListenDrop: "listendrop", NoPort: "noport", RSTLimited: "rst_limited",
	ChallengeAcks: "challenge_acks", ChallengeLimited: "challenge_limited", SCAdded: "sc_added",
	SCRetransmitted: "sc_retransmitted", SCDupSyn: "sc_dupsyn", SCDropped: "sc_dropped", SCCompleted: "sc_completed",
	SCAborted: "sc_aborted", SCBadAck: "sc_badack", SCReset: "sc_reset", SCStale: "sc_stale", SCSendCookie: "sc_sendcookie",
	SCRecvCookie: "sc_recvcookie", SCBadCookie: "sc_badcookie", SackRecovery: "sack_recovery_episode",
	SackRcvBlocks: "sack_rcv_blocks", SackSendBlocks: "sack_send_blocks", SackBadBlocks: "sack_bad_blocks",
	SackFull: "sack_sboverflow", DSackSent: "dsack_sent", DSackRcvd: "dsack_rcvd", RenoRecovery: "reno_recovery_episode",
	RackReoTimeo: "rack_reo_timeo", TLPSent: "tlp_sent", TLPRecovered: "tlp_recovered", SpuriousRexmt: "spurious_rexmt",
	ECNCE: "ecn_ce", ECNHandshake: "ecn_shs", ECNCWR: "ecn_cwr", TWCreated: "tw_created", TWRecycled: "tw_recycled",
	TWFull: "tw_full", TWReused: "tw_reused", TWReset: "tw_reset", TWAck: "tw_ack", OutNoBuf: "out_nobuf",
}

// String returns the counter's name as sysctl shows it.
func (c Counter) String() string { return counterNames[c] }

// Sub returns the difference of two snapshots.
func (s Stats) Sub(old Stats) Stats {
	for i := range s {
		s[i] -= old[i]
	}
	return s
}

// Add adds the counters of another transport.
func (s *Stats) Add(o *Stats) {
	for i := range s {
		s[i] += o[i]
	}
}
