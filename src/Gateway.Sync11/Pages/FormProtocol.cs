using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>Receives the pages' forms, at the pages' own paths. Other methods than POST there belong to the pages themselves.</summary>
internal sealed class FormProtocol(FormHandlers handlers, WeaveHeaders common) : IProtocol<FormHandler>
{
    private const string Post = "POST";
    private const int MaxBytes = 16 << 10;

    public string Name => "Sync11Forms";

    public IReadOnlyList<string> Prefixes => [""];

    public bool SharesPrefixes => true;

    public ResourceTable<FormHandler> Resources { get; } = new(
    [
        Form(WeavePages.Reset, static (forms, form, cancellationToken) => forms.ResetAsync(form, cancellationToken)),
        Form(WeavePages.Delete, static (forms, form, cancellationToken) => forms.DeleteAsync(form, cancellationToken)),
    ]);

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public bool Takes(HttpRequest? request, ResourceMatch<FormHandler>? match) => match is not null && string.Equals(request?.Method, Post, StringComparison.Ordinal);

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<FormHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        FormRequest.Read(request) is { } form ? method.Handler(handlers, form, cancellationToken) : ValueTask.FromResult(FormAnswers.Of(400, "missing", "Missing data"));

    public Answer Refuse(Refusal refusal) => WeaveAnswers.Of(refusal);

    public Answer Preflight(HttpRequest request, string? methods) => WeaveHeaders.Preflight(methods);

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        common.Add(request, headers);
        headers.CacheControl = "no-store";
    }

    private static Resource<FormHandler> Form(string path, FormHandler handler) =>
        new(path, new ResourceMethod<FormHandler>(Post, Access.Anonymous, new BodyKind.Buffered(MaxBytes), handler));
}
