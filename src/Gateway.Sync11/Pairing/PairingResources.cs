using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>All resources of Easy Setup, in one list. A trailing slash makes no difference.</summary>
internal static class PairingResources
{
    /// <summary>Bytes of a report's body.</summary>
    public const int MaxReportBytes = 2000;

    public static ResourceTable<PairingHandler> Table(Sync11Options options)
    {
        Resource<PairingHandler>[] resources = !options.Pairing.Enabled ? [] :
        [
            new("/new_channel", new ResourceMethod<PairingHandler>("GET", Access.Anonymous, BodyKind.None, static (pairing, request, cancellationToken) => pairing.OpenAsync(request, cancellationToken))),
            new("/report", new ResourceMethod<PairingHandler>(
                "POST", Access.Anonymous, new BodyKind.Buffered(MaxReportBytes), static (pairing, request, cancellationToken) => pairing.ReportAsync(request, cancellationToken))),
            new("/{channel}",
                new("GET", Access.Anonymous, BodyKind.None, static (pairing, request, cancellationToken) => pairing.ReadAsync(request, cancellationToken)),
                new("PUT", Access.Anonymous, new BodyKind.Buffered(options.Pairing.MaxMessageBytes), static (pairing, request, cancellationToken) => pairing.WriteAsync(request, cancellationToken))),
        ];
        return new ResourceTable<PairingHandler>(resources.SelectMany(static resource => new[] { resource, new Resource<PairingHandler>(resource.Template.Text + "/", resource.Methods) }));
    }
}
