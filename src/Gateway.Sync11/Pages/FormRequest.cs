using System.Net;
using System.Text;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>What a page sends, as forms are sent (<c>application/x-www-form-urlencoded</c>).</summary>
/// <param name="inner">The request.</param>
/// <param name="fields">Of the form.</param>
internal sealed class FormRequest(ProtocolRequest inner, QueryParameters fields)
{
    /// <summary>Where it comes from.</summary>
    public IPAddress? Remote => inner.Http.Connection.RemoteIpAddress;

    /// <summary>The same, as attempts are counted.</summary>
    public string Address => ClientAddress.Of(Remote);

    /// <summary>Whom a new password waits for its turn as.</summary>
    public string Who => inner.Who;

    /// <summary>What an event has come of that is about a user, by the first name that is meant.</summary>
    public AuditSource Source(IReadOnlyList<string> names) => AuditSource.Of(inner.Http.Request, names.Count == 0 ? null : names[0]);

    /// <summary>A field; empty where there is none, or more than one.</summary>
    public string this[string name] => fields.TryGetOnly(name, out var value) ? value ?? "" : "";

    /// <returns>Null where the body is no form.</returns>
    public static FormRequest? Read(ProtocolRequest request) =>
        QueryParameters.TryParse(Encoding.Latin1.GetString(request.Body.Span), out var fields) ? new FormRequest(request, fields) : null;
}
