using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>
/// The storage of Sync 1.1, and of 1.0, which is served the same: its prefixes, and its form of the pipeline's refusals. Below <c>/1.0</c> it takes only
/// the paths that it knows, since another protocol may be there too.
/// </summary>
internal sealed class StorageProtocol(StorageHandlers handlers, UserScheme users, WeaveHeaders common, Sync11Options options) : IProtocol<StorageHandler>
{
    private const string OldPrefix = "/1.0";

    public string Name => "Sync11";

    public IReadOnlyList<string> Prefixes => ["/1.1", OldPrefix, "/1"];

    public bool SharesPrefixes => true;

    public ResourceTable<StorageHandler> Resources { get; } = StorageResources.Table(options);

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [users];

    public bool Takes(HttpRequest? request, ResourceMatch<StorageHandler>? match) =>
        match is not null || request is null || !request.Path.StartsWithSegments(OldPrefix, StringComparison.Ordinal, out var below) || IsOfUser(below);

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<StorageHandler>? match) => common.Ask(request, match);

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<StorageHandler> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var storage = new StorageRequest(request);
        return storage.IsOwn ? method.Handler(handlers, storage, cancellationToken) : ValueTask.FromResult(WeaveAnswers.Unauthorized());
    }

    public Answer Refuse(Refusal refusal) => WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => common.Add(request, headers);

    private static bool IsOfUser(PathString below) => (below.Value ?? "").Split('/') is [_, _, "info" or "storage", ..];
}
