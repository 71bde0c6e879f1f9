using System.Diagnostics;
using System.Net.Sockets;
using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Registers protocols, and maps all that are registered.</summary>
public static class ProtocolServiceCollectionExtensions
{
    private const int MaxUnsentBytes = 128 << 10;

    /// <typeparam name="TProtocol">The protocol.</typeparam>
    /// <typeparam name="THandler">What its handlers look like.</typeparam>
    public static IServiceCollection AddProtocol<TProtocol, THandler>(this IServiceCollection services)
        where TProtocol : class, IProtocol<THandler>
    {
        services.TryAddSingleton<Admission>();
        services.TryAddSingleton<AnswerWriter>();
        services.Replace(ServiceDescriptor.Singleton<DiagnosticSource, RefusedRequests>());
        return services
            .AddSingleton<TProtocol>()
            .AddSingleton<IProtocolEndpoint>(static provider => ActivatorUtilities.CreateInstance<ProtocolEndpoint<THandler>>(
                provider, provider.GetRequiredService<TProtocol>()));
    }

    /// <summary>
    /// Lets protocols answer also what the HTTP server cannot read. Without it that is answered with a bare status.
    /// </summary>
    public static void UseProtocolRefusals(this IConnectionBuilder connections) => connections.Use(ConnectionOutput.Use);

    /// <summary>
    /// Lets the machine take no more of an answer than the network carries away soon. Else megabytes lie there for a client that does not
    /// read, and what a slow one takes is seen in steps of megabytes.
    /// </summary>
    public static void UseShortSendQueues(this IConnectionBuilder connections) => connections.Use(static next => connection =>
    {
        if (OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: not AddressFamily.Unix } socket)
        {
            // TCP_NOTSENT_LOWAT, which the framework has no name for.
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, 25, BitConverter.GetBytes(MaxUnsentBytes));
        }

        return next(connection);
    });

    /// <summary>Serves every path: those under a protocol's prefix, and all others by that protocol which takes them.</summary>
    /// <param name="app">What comes behind all else.</param>
    /// <param name="measured">Whether measurements and traces are sent, which then name the routes.</param>
    /// <exception cref="InvalidOperationException">Two protocols want the same paths.</exception>
    public static void MapProtocols(this IApplicationBuilder app, bool measured)
    {
        var map = new ProtocolMap(app.ApplicationServices.GetServices<IProtocolEndpoint>());
        if (measured)
        {
            app.Use(RequestTags.InvokeAsync);
        }

        app.Use(ServiceWorkers.RefuseAsync);
        app.Run(map.HandleAsync);
    }
}
