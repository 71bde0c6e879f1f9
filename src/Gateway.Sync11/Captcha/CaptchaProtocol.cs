using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>The page of the captcha, at the path beside the user API where clients look for it. If captchas are off, the answer says so, and clients show none.</summary>
internal sealed class CaptchaProtocol(ICaptcha captcha, WeaveHeaders common, Sync11Options options) : IProtocol<CaptchaHandler>
{
    public string Name => "Sync11Captcha";

    public IReadOnlyList<string> Prefixes => ["/misc"];

    public ResourceTable<CaptchaHandler> Resources { get; } = new(((string[])["/1.0/captcha_html", "/1/captcha_html"]).SelectMany(static path => new[] { path, path + "/" }).Select(static path =>
        new Resource<CaptchaHandler>(path, Page("GET"), Page("POST"))));

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<CaptchaHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(options.Captcha.Enabled ? method.Handler(captcha, request.Http.Request) : WeaveAnswers.Text(404, "No captcha configured"));

    public Answer Refuse(Refusal refusal) => WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        common.Add(request, headers);

        // The page has its own policy.
        headers.Remove(HeaderNames.ContentSecurityPolicy);
    }

    private static ResourceMethod<CaptchaHandler> Page(string method) =>
        new(method, Access.Anonymous, BodyKind.None, static (captcha, request) => CaptchaPage.Of(captcha.Ask(request.Headers.AcceptLanguage.ToString())));
}
