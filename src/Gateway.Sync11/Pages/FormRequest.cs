using System.Net;
using System.Text;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>A form that a page sends (<c>application/x-www-form-urlencoded</c>).</summary>
/// <param name="inner">The request.</param>
/// <param name="fields">The form's fields.</param>
internal sealed class FormRequest(ProtocolRequest inner, QueryParameters fields)
{
    /// <summary>The address that it comes from.</summary>
    public IPAddress? Remote => inner.Http.Connection.RemoteIpAddress;

    /// <summary>The address in the form in which attempts are counted.</summary>
    public string Address => ClientAddress.Of(Remote);

    /// <summary>The key under which a new password waits for its turn.</summary>
    public string Who => inner.Who;

    /// <summary>Fills in an event about a user, with the first name that can be meant.</summary>
    public AuditSource Source(IReadOnlyList<string> names) => AuditSource.Of(inner.Http.Request, names.Count == 0 ? null : names[0]);

    /// <summary>A field; empty where it is missing or repeated.</summary>
    public string this[string name] => fields.TryGetOnly(name, out var value) ? value ?? "" : "";

    /// <returns>Null where the body is not a form.</returns>
    public static FormRequest? Read(ProtocolRequest request) =>
        QueryParameters.TryParse(Encoding.Latin1.GetString(request.Body.Span), out var fields) ? new FormRequest(request, fields) : null;
}
