using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>Easy Setup: where it lies, and how the pipeline's refusals look in it. Clients are told where by <c>services.sync.jpake.serverURL</c>.</summary>
internal sealed class PairingProtocol(PairingHandlers handlers, WeaveHeaders common, Sync11Options options) : IProtocol<PairingHandler>
{
    public string Name => "Sync11Pairing";

    public IReadOnlyList<string> Prefixes => ["/jpake"];

    public ResourceTable<PairingHandler> Resources { get; } = PairingResources.Table(options);

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<PairingHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        method.Handler(handlers, new PairingRequest(request), cancellationToken);

    /// <summary>Of a report clients know 400 for all that is wrong with it.</summary>
    public Answer Refuse(Refusal refusal) => refusal is Refusal.BodyTooLarge { MaxBytes: PairingResources.MaxReportBytes } ? WeaveAnswers.Text(400, "") : WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        common.Add(request, headers);

        // Clients ask every second, with the tag of what they have: nobody between is to answer them.
        headers.CacheControl = "no-store";
    }
}
