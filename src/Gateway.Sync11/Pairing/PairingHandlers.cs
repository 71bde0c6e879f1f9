using System.Security.Cryptography;
using Lockstep.Core.Accounts;
using Lockstep.Core.Pairing;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Users;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>
/// Easy Setup: messages from one device to the other and back, which the server does not understand. Nobody signs in. The names that devices give themselves, and a limit
/// on guesses at channels, keep others out; J-PAKE keeps the server out.
/// </summary>
/// <remarks>https://mozilla-services.readthedocs.io, "Easy Setup"; the clients' <c>jpakeclient.js</c>.</remarks>
internal sealed class PairingHandlers(IPairingChannels channels, Attempts attempts, ReportLog log)
{
    /// <summary>The length that clients expect of a name. Everything before the name in the typed text is the secret.</summary>
    public const int NameLength = 4;

    /// <summary>Without letters and digits that look alike, since users type them.</summary>
    public const string NameLetters = "23456789abcdefghijkmnpqrstuvwxyz";

    // With a thousand open ones of a million names, the chance that all are taken is one in 10^24.
    private const int MaxNames = 8;

    /// <summary>Opens a channel and answers with its name.</summary>
    public ValueTask<Answer> OpenAsync(PairingRequest request, CancellationToken cancellationToken) => CountAsync(request, async () =>
    {
        if (request.Device.Length == 0)
        {
            return (SignInVerdict.Wrong, PairingAnswers.BadDevice);
        }

        return (SignInVerdict.Undecided, (await attempts.OpenChannelAsync(request.Address, async () => await OpenOneAsync(request.Device, cancellationToken)))!);
    });

    public ValueTask<Answer> ReadAsync(PairingRequest request, CancellationToken cancellationToken) =>
        UseAsync(request, () => channels.ReadAsync(request.Channel, request.Device, request.NoneMatch ?? [], cancellationToken));

    public ValueTask<Answer> WriteAsync(PairingRequest request, CancellationToken cancellationToken) =>
        UseAsync(request, () => channels.WriteAsync(request.Channel, request.Device, request.Body.ToArray(), request.Match, request.NoneMatch, cancellationToken));

    /// <summary>Records that a pairing has failed, and ends its channel if the client names one. An ended channel is not the client's fault.</summary>
    public ValueTask<Answer> ReportAsync(PairingRequest request, CancellationToken cancellationToken) => CountAsync(request, async () =>
    {
        if (request.Device.Length == 0 || (request.Report.Length == 0 && request.Body.Length == 0 && request.ReportedChannel is null))
        {
            return (SignInVerdict.Wrong, PairingAnswers.BadDevice);
        }

        log.Failed(request.Report);
        if (request.ReportedChannel is not { } channel || !IsName(channel))
        {
            return (SignInVerdict.Undecided, WeaveAnswers.Text(200, ""));
        }

        var reply = await channels.CloseAsync(channel, request.Device, cancellationToken);
        return reply.Status == PairingStatus.Foreign ? (SignInVerdict.Wrong, PairingAnswers.BadDevice) : (SignInVerdict.Undecided, WeaveAnswers.Text(200, ""));
    });

    /// <summary>Whether a channel can have the name. Other names are neither looked up nor counted.</summary>
    public static bool IsName(string text) => text.Length == NameLength && text.All(static c => NameLetters.Contains(c, StringComparison.Ordinal));

    private async ValueTask<Answer> OpenOneAsync(string device, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MaxNames; i++)
        {
            var name = RandomNumberGenerator.GetString(NameLetters, NameLength);
            switch ((await channels.OpenAsync(name, device, cancellationToken)).Status)
            {
                case PairingStatus.Done:
                    return PairingAnswers.Opened(name);
                case PairingStatus.Full:
                    return WeaveAnswers.Unavailable;
            }
        }

        return WeaveAnswers.Unavailable;
    }

    private async ValueTask<Answer> UseAsync(PairingRequest request, Func<ValueTask<PairingReply>> use)
    {
        // A client without a name learns nothing else, whether the channel exists or not. An existing channel ends.
        var isNobody = request.Device.Length == 0;
        return !IsName(request.Channel) ? (isNobody ? PairingAnswers.BadDevice : WeaveAnswers.NotFound) : await CountAsync(request, async () =>
        {
            var reply = await use();
            return (reply.Status is PairingStatus.Missing or PairingStatus.Foreign ? SignInVerdict.Wrong : SignInVerdict.Undecided, isNobody ? PairingAnswers.BadDevice : PairingAnswers.Of(reply));
        });
    }

    private async ValueTask<Answer> CountAsync(PairingRequest request, Func<ValueTask<(SignInVerdict, Answer?)>> run) => (await attempts.PairAsync(request.Address, run))!;
}
