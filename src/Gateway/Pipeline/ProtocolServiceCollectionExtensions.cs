using System.Diagnostics;
using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Registers protocols, and maps all that are registered.</summary>
public static class ProtocolServiceCollectionExtensions
{
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

        app.Run(map.HandleAsync);
    }
}
