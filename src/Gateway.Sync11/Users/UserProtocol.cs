using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>The user API 1.0: its prefixes, and its form of the pipeline's refusals.</summary>
internal sealed class UserProtocol(UserHandlers handlers, UserScheme users, WeaveHeaders common, CredentialAudit audit) : IProtocol<UserHandler>
{
    public string Name => "Sync11Users";

    public IReadOnlyList<string> Prefixes => ["/user/1.0", "/user/1"];

    public ResourceTable<UserHandler> Resources => UserResources.Table;

    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [users];

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<UserHandler>? match) =>
        match is not null && !UserName.IsValid(match.Values["username"]) ? WeaveAnswers.NotFound : common.Ask(request, match);

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<UserHandler> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var user = new UserRequest(request);
        return method.Access == Access.SignedIn && user.Own is null ? ValueTask.FromResult(WeaveAnswers.Unauthorized())
            : audit.IsOn ? AuditedAsync(method, user, cancellationToken)
            : method.Handler(handlers, user, cancellationToken);
    }

    public Answer Refuse(Refusal refusal) => WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers) => common.Add(request, headers);

    private async ValueTask<Answer> AuditedAsync(ResourceMethod<UserHandler> method, UserRequest user, CancellationToken cancellationToken)
    {
        var answer = await method.Handler(handlers, user, cancellationToken);
        audit.Look(user.Http, method.Access, user.Name, answer);
        return answer;
    }
}
