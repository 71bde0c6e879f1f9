using Lockstep.Core.Time;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>The time of an answer, for the header that all answers have.</summary>
/// <param name="Value">The answer's <c>X-Last-Modified</c>.</param>
/// <param name="IsWrite">Whether the request has made it: then it is the time of the answer.</param>
public sealed record AnswerStamp(ServerTimestamp Value, bool IsWrite);
