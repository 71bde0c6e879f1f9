using System.Buffers;
using System.Text;
using Lockstep.Core.Pairing;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>A channel's replies, as answers for clients.</summary>
internal static class PairingAnswers
{
    /// <summary>The request has no id, or an id that the channel does not know.</summary>
    public static Answer BadDevice => WeaveAnswers.Text(400, "");

    /// <summary>The channel's name as a JSON text.</summary>
    public static Answer Opened(string channel) => Json($"\"{channel}\"");

    public static Answer Of(PairingReply reply) => reply.Status switch
    {
        PairingStatus.Done => Read(reply),
        PairingStatus.Known => new Answer(304) { Headers = [Tag(reply)] },
        PairingStatus.Conflict => WeaveAnswers.Text(412, ""),
        PairingStatus.Foreign => BadDevice,
        PairingStatus.Missing or PairingStatus.Empty => WeaveAnswers.NotFound,
        _ => throw new InvalidOperationException($"No answer for {reply.Status}."),
    };

    private static Answer Read(PairingReply reply) => new(200)
    {
        Headers = [KeyValuePair.Create("Content-Type", WeaveAnswers.Json), Tag(reply)],
        Body = output => output.Write(reply.Message.Span),
    };

    private static KeyValuePair<string, string> Tag(PairingReply reply) => KeyValuePair.Create("ETag", $"\"{reply.Tag}\"");

    private static Answer Json(string text) => new(200)
    {
        Headers = [KeyValuePair.Create("Content-Type", WeaveAnswers.Json)],
        Body = output => output.Write(Encoding.ASCII.GetBytes(text)),
    };
}
