using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Console;

/// <summary>
/// What the pages of the console ask the server, in JSON. A user is known by the cookie of a session. What changes something must come with the header
/// <c>Lockstep-Console</c>, which no page of another origin can send.
/// </summary>
internal sealed class ConsoleProtocol(ConsoleHandlers handlers, AccountDirectory accounts, SessionScheme sessions, BasicScheme passwords, HttpOptions http) : IProtocol<ConsoleHandler>
{
    public const string Header = "Lockstep-Console";

    public string Name => "Console";

    public IReadOnlyList<string> Prefixes => [ConsoleResources.Prefix];

    public ResourceTable<ConsoleHandler> Resources => ConsoleResources.Table;

    /// <summary>Names and passwords only in the body of a sign-in: a request signs in by its cookie.</summary>
    public IReadOnlyList<IAuthenticationScheme> Schemes { get; } = [sessions, passwords];

    public string? CredentialsOf(HttpRequest request) => SessionCookie.Read(request, http) is { } secret ? $"{SessionScheme.Word} {secret}" : null;

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<ConsoleHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        !IsSafe(request.Http.Request) ? Refused(ConsoleError.OtherSite)
        : ConsoleRequest.Read(request, accounts) is { } read ? method.Handler(handlers, read, cancellationToken)
        : Refused(ConsoleError.NoJson);

    public Answer Refuse(Refusal refusal) => ConsoleAnswers.Of(refusal);

    /// <summary>No page of another origin has anything to ask for here.</summary>
    public Answer Preflight(HttpRequest request, string? methods) => new(204) { Headers = [KeyValuePair.Create("Allow", methods ?? "OPTIONS")] };

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        DataHeaders.Add(headers);
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    /// <summary>Whether it changes nothing, or a page of this server sends it. Browsers send a header of this name to another origin only with that origin's leave, which is never given.</summary>
    private static bool IsSafe(HttpRequest request) =>
        request.Method is "GET" || (request.Headers.ContainsKey(Header) && request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin");

    private static ValueTask<Answer> Refused(ConsoleError error) => ValueTask.FromResult(ConsoleAnswers.Of(error));
}
