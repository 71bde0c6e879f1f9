using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console;

/// <summary>A request of a page.</summary>
/// <param name="inner">The request.</param>
/// <param name="fields">Members of the body's object, by name; empty for none.</param>
/// <param name="accounts">Say who administers.</param>
internal sealed class ConsoleRequest(ProtocolRequest inner, IReadOnlyDictionary<string, JsonElement> fields, AccountDirectory accounts)
{
    public ProtocolRequest Inner => inner;

    /// <summary>The user; null where nobody has signed in.</summary>
    public Principal? Principal => inner.SignIn.Principal;

    /// <summary>The user of a resource that requires a sign-in.</summary>
    /// <exception cref="InvalidOperationException">Nobody has signed in.</exception>
    public Principal User => Principal ?? throw new InvalidOperationException("The resource is served to those who have not signed in, too.");

    public bool IsAdministrator => Principal is { } user && accounts.IsAdministrator(user);

    public IReadOnlyDictionary<string, JsonElement> Fields => fields;

    /// <summary>A text in the body; null where it is missing or of another type.</summary>
    public string? Text(string name) => fields.TryGetValue(name, out var value) ? JsonText.Read(value) : null;

    /// <summary>A parameter of the URL; null where it is missing or repeated.</summary>
    public string? Parameter(string name) => inner.Query.TryGetOnly(name, out var value) ? value : null;

    /// <summary>What an event has come of.</summary>
    public AuditSource Source(string? user) => AuditSource.OfResource(inner.Http.Request, user);

    /// <returns>Null where the body is neither empty nor a JSON object.</returns>
    public static ConsoleRequest? Read(ProtocolRequest request, AccountDirectory accounts)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (request.Body.Length == 0)
        {
            return new ConsoleRequest(request, fields, accounts);
        }

        try
        {
            using var document = JsonText.Parse(request.Body);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
            {
                return null;
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                fields[member.Name] = member.Value.Clone();
            }

            return new ConsoleRequest(request, fields, accounts);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
