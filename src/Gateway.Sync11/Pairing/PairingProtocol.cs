using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>Easy Setup: its prefix, and its form of the pipeline's refusals. Clients learn the URL from <c>services.sync.jpake.serverURL</c>.</summary>
internal sealed class PairingProtocol(PairingHandlers handlers, WeaveHeaders common, Sync11Options options) : IProtocol<PairingHandler>
{
    public string Name => "Sync11Pairing";

    public IReadOnlyList<string> Prefixes => ["/jpake"];

    public ResourceTable<PairingHandler> Resources { get; } = PairingResources.Table(options);

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<PairingHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        method.Handler(handlers, new PairingRequest(request), cancellationToken);

    /// <summary>Clients expect 400 for every fault of a report.</summary>
    public Answer Refuse(Refusal refusal) => refusal is Refusal.BodyTooLarge { MaxBytes: PairingResources.MaxReportBytes } ? WeaveAnswers.Text(400, "") : WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        common.Add(request, headers);

        // Clients ask every second, with the tag of the message that they have. No cache may answer them.
        headers.CacheControl = "no-store";
    }
}
