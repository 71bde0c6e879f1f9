using System.Diagnostics;
using System.Net.Sockets;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Registers protocols, and maps all registered ones.</summary>
public static class ProtocolServiceCollectionExtensions
{
    private const int MaxUnsentBytes = 128 << 10;

    /// <typeparam name="TProtocol">The protocol.</typeparam>
    /// <typeparam name="THandler">The type of its handlers.</typeparam>
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
    /// Lets protocols also answer requests that the HTTP server cannot read. Otherwise these get a bare status.
    /// </summary>
    public static void UseProtocolRefusals(this IConnectionBuilder connections) => connections.Use(ConnectionOutput.Use);

    /// <summary>Lets protocols know a header again that came over the same connection before.</summary>
    public static void UseHeaderMemory(this IConnectionBuilder connections) => connections.Use(static next => connection =>
    {
        connection.Features.Set(new HeaderMemory());
        return next(connection);
    });

    /// <summary>
    /// Limits how much of an answer the operating system queues. Without the limit, megabytes would be queued for a client that does not
    /// read, and the progress of a slow client would be visible only in steps of megabytes.
    /// </summary>
    public static void UseShortSendQueues(this IConnectionBuilder connections) => connections.Use(static next => connection =>
    {
        if (OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: not AddressFamily.Unix } socket)
        {
            // TCP_NOTSENT_LOWAT; the framework has no name for it.
            socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, 25, BitConverter.GetBytes(MaxUnsentBytes));
        }

        return next(connection);
    });

    /// <summary>Serves every path: those under a protocol's prefix, and all others by the protocol that takes them.</summary>
    /// <param name="app">The application; this comes last in it.</param>
    /// <param name="measured">Whether measurements and traces are sent, which then name the routes.</param>
    /// <exception cref="InvalidOperationException">Two protocols have the same prefix.</exception>
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
